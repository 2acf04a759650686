#pragma once
// What decides: a local engine, a script in tests, dice for the baseline.
//
//   MindReply reply = mind.reply({.messages = …, .continuation = "click(\"OK\")\n", .grammar = &grammar}, sink, stop);
//
// The reply keeps to the grammar when there is one; `continuation` is the beginning of the assistant's turn and is not
// repeated in the reply. Message texts are untrusted: nothing in them can become a control token.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agent/transcript.h"
#include "core/sampler.h"

namespace deskhand {

class Engine;
class Grammar;
class Multimodal;

struct MindRequest {
  std::vector<Message> messages{};
  std::string continuation{};
  const Grammar* grammar = nullptr;
  int64_t max_tokens = 256;
  nlohmann::ordered_json tools{};            ///< for the model's template; null or empty for none
  std::optional<bool> thinking{};            ///< for the template; absent: its own default
  std::vector<std::string> stop_texts{};     ///< the reply ends before the first of these
  std::vector<std::string> control_texts{};  ///< of control tokens that are part of replies
};

struct MindReply {
  std::string text{};
  bool complete = true;  ///< false: cut by max_tokens, a full context or the stop
  int64_t prompt_tokens = 0, reused_tokens = 0, generated_tokens = 0;
  int64_t image_tokens = 0;  ///< of the prompt
  double seconds = 0;
};

using TextSink = std::function<void(std::string_view)>;

class Mind {
 public:
  virtual ~Mind() = default;
  /// "qwen2.5-coder-0.5b (local)": for the trace and for people.
  virtual std::string name() const = 0;
  /// Throws ContextFull when the request does not fit.
  virtual MindReply reply(const MindRequest& request, const TextSink& sink, std::stop_token stop) = 0;
};

/// Over an engine with a chat template (throws std::invalid_argument without one). Borrows the engine; keeps one
/// session, so that the common beginning of two requests is computed once.
/// `eyes` may be null: then a request with pictures throws std::invalid_argument.
std::unique_ptr<Mind> make_local_mind(Engine& engine, const Sampling& sampling, Multimodal* eyes = nullptr);
/// Says the given replies one after the other, whatever it is asked; then throws std::out_of_range.
std::unique_ptr<Mind> make_scripted_mind(std::vector<std::string> replies);
/// Chooses uniformly among what the grammar allows next. Same seed, same replies.
std::unique_ptr<Mind> make_random_mind(uint64_t seed);

}  // namespace deskhand
