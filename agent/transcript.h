#pragma once
// What was said and done: messages to a mind, the actions it chose, the steps they became.
//
//   Message message(Message::Role::user, {{.image = screenshot}, {.text = "Press Submit"}});
//   Action action{.name = "click_element", .input = {{"name", "Submit"}}, .text = R"(click("Submit"))"};

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/image.h"

namespace deskhand {

/// A piece of a message: a text or a picture.
struct Part {
  std::string text{};
  std::shared_ptr<const Image> image{};  ///< set: the part is this picture, and `text` is empty
  bool operator==(const Part&) const = default;
};

struct Message {
  enum class Role { system, user, assistant, tool };
  Role role = Role::user;
  std::vector<Part> parts{};  ///< in the order in which the model reads them

  Message() = default;
  Message(Role who, std::string text) : role(who) { parts.push_back({.text = std::move(text)}); }
  Message(Role who, std::vector<Part> pieces) : role(who), parts(std::move(pieces)) {}

  bool operator==(const Message&) const = default;
  /// All text parts, one after the other.
  std::string text() const {
    std::string all;
    for (const Part& part : parts) all += part.text;
    return all;
  }
};

/// A tool call in canonical form, whatever dialect it was said in.
struct Action {
  std::string name{};
  nlohmann::json input = nlohmann::json::object();
  std::string text{};           ///< the call: as the model wrote it, or in our words
  std::string call{};           ///< the dialect's name for the call, or the call's id
  bool continues_call = false;  ///< a call became several actions, and this is not the first of them
};

/// The input "text" of an action that types or presses keys; empty when it has none.
inline std::string text_input(const Action& action) {
  const auto found = action.input.find("text");
  return found != action.input.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// For people, whatever dialect it was said in: left_click(400, 300), type("Hello").
std::string call_in_words(const Action& action);

enum class Verdict {
  allow,
  ask,       ///< the user confirms each one
  hand_off,  ///< the user does it: passwords, security barriers
  deny,      ///< nothing overrides it
};
std::string_view verdict_name(Verdict verdict);

/// One action from the look at the screen to its effect.
struct Step {
  int number = 0;  ///< from 1
  Action action{};
  std::string target{};  ///< 'button "Submit" in "Job"', empty without a place
  Verdict verdict = Verdict::allow;
  std::string reason{};  ///< why this verdict
  bool executed = false;
  bool ok = false;
  std::string result{};           ///< what the model reads
  std::optional<bool> changed{};  ///< whether the screen changed; absent when it was not expected to
  double observation_ms = 0;      ///< looking and reading the screen
  double think_ms = 0;            ///< the model's reply, on the first step of its script
  double act_ms = 0;              ///< from the last check to the quiet screen
};

}  // namespace deskhand
