#include "core/memory_plan.h"

#include <algorithm>

#include "core/blocks.h"
#include "core/language_model.h"

namespace deskhand {

MemoryPlan plan_memory(const std::filesystem::path& model, const EngineOptions& options, size_t reserved) {
  const auto file = ModelFile::open(model);
  const ModelConfig config = model_config(file->metadata());
  (void)find_family(config.architecture);
  const auto backend = make_cpu_backend({.threads = 1, .isa = options.isa, .exact = options.exact});
  const LanguageModelOptions settings{.context = options.context,
                                      .kv_type = options.kv_type,
                                      .max_rows = std::max<int64_t>(1, options.prefill_chunk),
                                      .reserved_bytes = reserved};
  MemoryPlan plan{.trained = config.context,
                  .fitting = fitting_context(*file, config, *backend, settings),
                  .weights = stored_weight_bytes(*file, config)};
  plan.context = options.context > 0 ? options.context
                 : plan.fitting > 0  ? plan.fitting
                                     : std::min(config.context, KvPlan::page_tokens);
  plan.keys_and_values =
      static_cast<size_t>(kv_plan(config, options.kv_type, *backend).bytes(plan.context, settings.max_rows));
  return plan;
}

}  // namespace deskhand
