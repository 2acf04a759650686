#pragma once
// What a model will take, before it is loaded: beside what else the program is going to load.
//
//   MemoryPlan plan = plan_memory("qwen.gguf", {.context = 4096}, eyes_bytes);
//   if (plan.fitting < plan.context) …                                   // not even 4096 tokens fit
//
// Errors: those of Engine::describe.

#include "core/engine.h"

namespace deskhand {

struct MemoryPlan {
  int64_t context = 0;         ///< asked for; else the trained one as far as it fits, else one page
  int64_t trained = 0;         ///< of the model's files
  int64_t fitting = 0;         ///< the most tokens up to that; 0: none
  size_t weights = 0;          ///< bytes
  size_t keys_and_values = 0;  ///< at `context`, with the states of recurrent layers
};

/// `reserved`: bytes that others will take of what is free now.
MemoryPlan plan_memory(const std::filesystem::path& model, const EngineOptions& options, size_t reserved = 0);

}  // namespace deskhand
