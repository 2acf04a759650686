#pragma once
// The `computer_use` tool of the Qwen family: one function whose argument `action` says what to do.
//
//   const ComputerUse tool{.actions = base_actions, .points = {999, 1000}, .text_holds_keys = true};
//   std::vector<Action> actions = computer_use_actions(call, tool, sizes);
//   std::vector<Action> actions = parse_computer_use(reply, tool, sizes);         // the calls of a whole reply
//
// Source: the models' own tool definitions, see docs/dialects.md.

#include <string_view>
#include <vector>

#include "agent/reply/acting.h"
#include "agent/reply/call.h"
#include "agent/reply/points.h"

namespace deskhand {

struct ActionAlias {
  std::string_view said, action;
};

struct ComputerUse {
  NameList actions{};                        ///< that the tool declares
  std::span<const ActionAlias> aliases{};    ///< other names that are understood
  NameList parameters = usual_parameters();  ///< of all actions together
  PointRule points{};
  bool text_holds_keys = false;  ///< `text` of clicks and scrolls are modifiers
  bool only_first_call = false;
  /// Actions of this model alone: true when it made them out of the call.
  bool (*special)(std::string_view action, const Arguments& arguments, const PointMap& map,
                  ActionList& actions) = nullptr;

  /// action, keys, text, coordinate, pixels, time, status
  static NameList usual_parameters();
};

/// Of the tool or of a function that is named like an action. Throws DialectError.
std::vector<Action> computer_use_actions(const Call& call, const ComputerUse& tool, const ViewSizes& sizes);
/// Of all calls in tags; empty when there is none.
std::vector<Action> tagged_computer_use(std::string_view content, const ComputerUse& tool, const ViewSizes& sizes);
/// The same of a reply of the Qwen family, without its reasoning and invented turns; no_action when there is none.
std::vector<Action> parse_computer_use(std::string_view reply, const ComputerUse& tool, const ViewSizes& sizes);
[[noreturn]] void refuse_without_call(std::string_view content);
/// "success" and the words for failure. Throws DialectError bad_args.
bool success_of(const Arguments& arguments, std::string_view name);

}  // namespace deskhand
