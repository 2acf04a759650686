#include "agent/reply/computer_use.h"
#include "agent/reply/acting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/reply/error.h"
#include "agent/reply/keys.h"
#include "agent/reply/literal.h"
#include "agent/reply/tagged_calls.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr std::string_view tool_name = "computer_use";
constexpr double usual_wait = 3;

constexpr std::array<std::string_view, 5> clicks = {"left_click", "right_click", "middle_click", "double_click",
                                                    "triple_click"};

class Doing {
 public:
  Doing(const Arguments& arguments, const ComputerUse& tool, const PointMap& map, ActionList& out)
      : arguments_(arguments), tool_(tool), map_(map), out_(out) {}

  /// False for an action that is none of these.
  bool points(std::string_view action) {
    if (is_one_of(action, clicks)) {
      out_.at(std::string(action), arguments_.point("coordinate", map_), held());
    } else if (action == "mouse_move") {
      out_.at("mouse_move", arguments_.required_point("coordinate", map_));
    } else if (action == "left_click_drag") {
      out_.drag_from_pointer(arguments_.required_point("coordinate", map_));
    } else if (action == "left_mouse_down" || action == "left_mouse_up") {
      if (const auto point = arguments_.point("coordinate", map_)) out_.at("mouse_move", point);
      out_.add(std::string(action));
    } else if (action == "scroll" || action == "hscroll") {
      scroll(action == "hscroll");
    } else {
      return false;
    }
    return true;
  }

  bool types(std::string_view action) {
    if (action == "type") {
      out_.type(arguments_.text("text"));
    } else if (action == "key") {
      out_.keys(keys());
    } else if (action == "key_down") {
      out_.hold(keys());
    } else if (action == "key_up") {
      out_.release(keys());
    } else {
      return false;
    }
    return true;
  }

  bool talks(std::string_view action) {
    if (action == "wait") {
      out_.wait(arguments_.number("time", usual_wait));
    } else if (action == "screenshot") {
      out_.add("screenshot");
    } else if (action == "terminate") {
      out_.done("", success_of(arguments_, "status"));
    } else if (action == "answer") {
      out_.done(arguments_.text("text"), true);
    } else if (action == "call_user" || action == "interact") {
      out_.add("ask_user", {{"question", arguments_.text("text")}});
    } else {
      return false;
    }
    return true;
  }

 private:
  std::vector<std::string> keys() const { return key_names(arguments_.value("keys"), "keys"); }

  std::string held() const {
    if (!tool_.text_holds_keys || !arguments_.has("text")) return {};
    return arguments_.text("text").empty() ? std::string() : modifiers_of(arguments_.value("text"), "text");
  }

  void scroll(bool horizontal) {
    out_.scroll(arguments_.number("pixels"), horizontal, arguments_.point("coordinate", map_), held());
  }

  const Arguments& arguments_;
  const ComputerUse& tool_;
  const PointMap& map_;
  ActionList& out_;
};

std::string_view meaning_of(std::string_view said, const ComputerUse& tool) {
  for (const ActionAlias& alias : tool.aliases)
    if (alias.said == said) return alias.action;
  return is_one_of(said, tool.actions) ? said : std::string_view();
}

/// The action that the call names, as an argument or as the function.
std::string said_action(Call& call, const ComputerUse& tool) {
  const bool is_tool = call.name == tool_name;
  if (!is_tool && meaning_of(call.name, tool).empty())
    throw DialectError(ReplyFault::unknown_action,
                       fmt::format("{} is no function, expected {}", quoted_beginning(call.name), tool_name));
  if (!is_tool && call.arguments.contains("action") && call.arguments["action"] != call.name)
    throw DialectError(ReplyFault::ambiguous, fmt::format("{} is given the action {}", call.name,
                                                          quoted_beginning(call.arguments["action"].dump())));
  return is_tool ? Arguments(call, tool.parameters).word("action") : call.name;
}

}  // namespace

NameList ComputerUse::usual_parameters() {
  static constexpr std::array<std::string_view, 7> names = {"action", "keys", "text",  "coordinate",
                                                            "pixels", "time", "status"};
  return names;
}

bool success_of(const Arguments& arguments, std::string_view name) {
  static constexpr std::string_view failures[] = {"fail", "failed", "failure", "error", "infeasible"};
  const std::string status = arguments.word(name);
  if (status == "success") return true;
  if (std::find(std::begin(failures), std::end(failures), status) == std::end(failures))
    arguments.refuse(name, "success or failure");
  return false;
}

std::vector<Action> computer_use_actions(const Call& call, const ComputerUse& tool, const ViewSizes& sizes) {
  Call named = call;
  const std::string said = said_action(named, tool);
  const std::string_view action = meaning_of(said, tool);
  if (action.empty())
    throw DialectError(ReplyFault::unknown_action, fmt::format("{} is no action, expected one of {}",
                                                               quoted_beginning(said), listed(tool.actions)));
  named.name = said;
  const Arguments arguments(named, tool.parameters);
  const PointMap map(sizes, tool.points);
  ActionList actions(named);
  if (tool.special && tool.special(action, arguments, map, actions)) return actions.take();
  Doing doing(arguments, tool, map, actions);
  if (!doing.points(action) && !doing.types(action) && !doing.talks(action))
    throw DialectError(ReplyFault::unsupported, fmt::format("{} cannot be done here", said));
  return actions.take();
}

std::vector<Action> tagged_computer_use(std::string_view content, const ComputerUse& tool, const ViewSizes& sizes) {
  std::vector<Action> actions;
  const TaggedCallStyle style{.parameters = tool.parameters, .only_first = tool.only_first_call};
  for (const Call& call : tagged_calls(content, style)) append(actions, computer_use_actions(call, tool, sizes));
  return actions;
}

void refuse_without_call(std::string_view content) {
  throw DialectError(ReplyFault::no_action,
                     fmt::format("expected an action, got {}", quoted_beginning(trimmed(content))));
}

std::vector<Action> parse_computer_use(std::string_view reply, const ComputerUse& tool, const ViewSizes& sizes) {
  const std::string_view content = said(reply, qwen_turns, tagged_openers);
  std::vector<Action> actions = tagged_computer_use(content, tool, sizes);
  if (actions.empty()) refuse_without_call(content);
  return actions;
}

}  // namespace deskhand
