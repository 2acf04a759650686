#pragma once
// How one kind of model is told about the screen and says actions: one file per dialect in agent/dialects/.
//
//   const Dialect& dialect = choose_dialect(engine->info(), sees);
//   DialectPrompt prompt = dialect.prompt({.goal = "Press OK", .screen = &screen});
//   std::vector<Action> actions = parse_reply(dialect, reply.text, {.frame = {1920, 1088}, .screen = {1920, 1080}});
//
// No quirk of a dialect is known to the loop. Names and texts of the screen are untrusted; a dialect quotes them.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mind.h"
#include "agent/prompt/frame_rule.h"
#include "agent/prompt/turn.h"
#include "agent/reply/error.h"
#include "agent/reply/points.h"
#include "agent/transcript.h"
#include "core/engine.h"
#include "vision/screen_reader.h"

namespace deskhand {

/// What the prompt is made from.
struct DialectInput {
  std::string goal{};  ///< the user's words
  const Screen* screen = nullptr;
  std::vector<Action> done{};        ///< executed so far, oldest first
  std::vector<std::string> notes{};  ///< what the model must know: failures, answers of the user
  bool may_finish = true;            ///< the gate: whether `done` is offered as the next call
  std::set<int> spent{};    ///< ids of elements that the next click must not be: no effect, or a box ticked before
  std::set<int> waiting{};  ///< ids of what the task names after something that is still to be done: not the next click
  std::set<int> foreign{};  ///< ids of boxes and options that the task does not speak of, while it speaks of others
  std::vector<Turn> turns{};  ///< of models that see; the last one asks for a reply
  Day today{};                ///< of the run's beginning
};

struct DialectPrompt {
  std::vector<Message> messages{};
  std::string continuation{};
  std::shared_ptr<const Grammar> grammar{};
  int64_t max_tokens = 256;
  nlohmann::ordered_json tools{};  ///< for the model's template; empty where the texts declare them
};

struct Dialect {
  std::string_view name{};
  /// How well it fits the model: 0 not at all; the highest wins.
  int (*matches)(const ModelInfo& info) = nullptr;
  DialectPrompt (*prompt)(const DialectInput& input) = nullptr;
  /// Actions in order, points in pixels of the screen: all of them, or DialectError. Only through parse_reply.
  std::vector<Action> (*parse)(std::string_view reply, const ViewSizes& sizes) = nullptr;

  bool sees = false;                                  ///< it is shown the screen
  bool grounds = false;                               ///< it only finds one place: no actions
  bool remote = false;                                ///< of an endpoint: its replies are no text of a local model
  FrameRule frame{};                                  ///< the picture that it is shown
  std::optional<Sampling> sampling{};                 ///< absent: what the model's files say
  std::span<const std::string_view> stop_texts{};     ///< the reply ends before the first of these
  std::span<const std::string_view> control_texts{};  ///< of control tokens of the model that are part of its replies
  std::optional<bool> thinking{};                     ///< for the template; absent: its own default
};

/// Reads what a model has said. Throws DialectError, also for what is not UTF-8 or longer than a mebibyte.
std::vector<Action> parse_reply(const Dialect& dialect, std::string_view reply, const ViewSizes& sizes);

/// What a mind is asked. The grammar is borrowed from the prompt: it must outlive the request.
MindRequest request_of(const Dialect& dialect, const DialectPrompt& prompt);

std::span<const Dialect* const> all_dialects();
const Dialect* find_dialect(std::string_view name);
/// Never null: `script` fits every model. `sees`: whether it is shown the screen.
const Dialect& choose_dialect(const ModelInfo& info, bool sees);

}  // namespace deskhand
