#pragma once
// A loaded model and its conversations: what everything above core uses.
//
//   auto engine = Engine::open("qwen.gguf", {.threads = 2});
//   std::unique_ptr<Session> session = engine->new_session();
//   session->set_prompt(ids);                               // reuses the common prefix with what the session holds
//   Generation g = session->generate({.max_tokens = 64, .sampling = {}}, constraint, on_text, stop);
//
// Errors: ModelFileError for the file, NotEnoughMemory for weights and context together, ContextFull when a prompt does
// not fit. The engine must outlive its sessions. Sessions may be used by several threads, each by one at a time: their
// rows go through the network together.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat_template/chat_template.h"
#include "core/constraint/constraint.h"
#include "core/kv/cache_stats.h"
#include "core/memory.h"
#include "core/model_file.h"
#include "core/model_summary.h"
#include "core/prompt_images.h"
#include "core/sampler.h"
#include "core/tokenizer/tokenizer.h"
#include "kernels/backend.h"

namespace deskhand {

/// The prompt and the reply do not fit into the context.
class ContextFull : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct EngineOptions {
  int threads = 0;                       ///< 0: the real cores that this process may use
  int64_t context = 0;                   ///< tokens; 0: what the model has, up to what memory allows
  DType kv_type = DType::f16;            ///< f32, f16, bf16, q8_0
  size_t cache_bytes = automatic_cache;  ///< for prefixes that no session needs at the moment
  int64_t prefill_chunk = 128;  ///< rows per forward pass of a prompt; what a request to stop may have to wait for
  bool exact = false;           ///< float activations in quantised products
  std::string isa = {};         ///< empty: the best
  std::filesystem::path prefix_folder = {};  ///< where lasting prefixes are kept from run to run; empty: nowhere
  std::stop_token stop = {};                 ///< ends the loading with LoadStopped
};

struct GenerateOptions {
  int64_t max_tokens = 512;
  Sampling sampling = {};
  std::vector<std::string> stop_texts = {};     ///< the reply ends before the first of these
  bool ignore_end = false;                      ///< for benchmarks
  std::vector<std::string> control_texts = {};  ///< of control tokens that are part of the text here, not left out
};

enum class EndReason { end_token, constraint_complete, stop_text, max_tokens, context_full, stopped };

struct Generation {
  std::string text;
  std::vector<int32_t> ids;  ///< without the end token, which Session::ids() keeps
  EndReason reason = EndReason::end_token;
  int64_t prompt_tokens = 0, reused_tokens = 0, forced_tokens = 0, forward_passes = 0;
  double prefill_seconds = 0, decode_seconds = 0;
};

/// One conversation. Holds the KV state of the ids fed so far.
class Session {
 public:
  virtual ~Session() = default;
  /// The ids of prompt and replies so far.
  virtual const std::vector<int32_t>& ids() const = 0;
  /// Makes the state hold exactly these ids: keeps the common prefix, rewinds the rest, feeds what is new. Stops
  /// between chunks when asked; what was fed stays. `lasting`: so many ids begin other conversations too; they are kept
  /// on disk where the engine has a folder for them. `images`: those whose ids are among them; they are encoded when
  /// their rows must be fed. ContextFull also for a picture whose rows must come together and are more than a chunk.
  virtual void set_prompt(std::span<const int32_t> ids, std::stop_token stop = {}, int64_t lasting = 0,
                          PromptImages images = {}) = 0;
  /// Logits after the last id [vocabulary]; valid until the next call. There must be an id.
  virtual std::span<const float> logits() = 0;
  /// Feeds one id, as if it were generated.
  virtual void append(int32_t id) = 0;
  /// `on_text` gets whole UTF-8 characters as they come. `constraint` may be null.
  virtual Generation generate(const GenerateOptions& options, Constraint* constraint,
                              const std::function<void(std::string_view)>& on_text, std::stop_token stop) = 0;
};

class Engine {
 public:
  static std::unique_ptr<Engine> open(const std::filesystem::path& model, const EngineOptions& options);
  /// What would be opened, without loading it.
  static ModelInfo describe(const std::filesystem::path& model, const EngineOptions& options);
  virtual ~Engine() = default;
  virtual const ModelInfo& info() const = 0;
  virtual const Tokenizer& tokenizer() const = 0;
  /// Null when the model file has none.
  virtual const ChatTemplate* chat_template() const = 0;
  virtual std::unique_ptr<Session> new_session() = 0;
  /// Natural logarithms of the probabilities of ids[from], ids[from + 1], … after those before them. Not while sessions
  /// are at work. Empty when stopped. 0 < from; ContextFull for too many.
  virtual std::vector<double> log_probabilities(std::span<const int32_t> ids, int64_t from, std::stop_token stop) = 0;
  virtual const Backend& backend() const = 0;
  /// What sessions have found in the cache of prefixes so far.
  virtual KvCacheStats cache_stats() const = 0;
  /// The trie of the vocabulary, for constraints.
  virtual const class TokenTrie& token_trie() const = 0;
};

}  // namespace deskhand
