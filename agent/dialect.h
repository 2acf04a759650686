#pragma once
// How one kind of model is told about the screen and says actions: one file per dialect in agent/dialects/.
//
//   const Dialect& dialect = choose_dialect(engine->info());
//   DialectPrompt prompt = dialect.prompt({.goal = "Press OK", .screen = &screen});
//   std::vector<Action> actions = dialect.parse(reply.text);
//
// No quirk of a dialect is known to the loop. Names and texts of the screen are untrusted; a dialect quotes them.

#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "agent/mind.h"
#include "agent/transcript.h"
#include "core/engine.h"
#include "vision/screen_reader.h"

namespace deskhand {

/// A reply that is no action: a sentence for the model.
class DialectError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

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
};

struct DialectPrompt {
  std::vector<Message> messages{};
  std::string continuation{};
  std::shared_ptr<const Grammar> grammar{};
  int64_t max_tokens = 256;
};

struct Dialect {
  std::string_view name{};
  /// How well it fits the model: 0 not at all; the highest wins.
  int (*matches)(const ModelInfo& info) = nullptr;
  DialectPrompt (*prompt)(const DialectInput& input) = nullptr;
  /// Calls in order; a cut last call is left out. Throws DialectError when there is none.
  std::vector<Action> (*parse)(std::string_view reply) = nullptr;
};

std::span<const Dialect* const> all_dialects();
const Dialect* find_dialect(std::string_view name);
/// Never null: `script` fits every model.
const Dialect& choose_dialect(const ModelInfo& info);

}  // namespace deskhand
