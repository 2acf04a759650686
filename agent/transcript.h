#pragma once
// What was said and done: messages to a mind, the actions it chose, the steps they became.
//
//   Action action{.name = "click_element", .input = {{"name", "Submit"}}, .text = R"(click("Submit"))"};

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace deskhand {

struct Message {
  enum class Role { system, user, assistant };
  Role role = Role::user;
  std::string text{};
};

/// A tool call in canonical form, whatever dialect it was said in.
struct Action {
  std::string name{};
  nlohmann::json input = nlohmann::json::object();
  std::string text{};  ///< as the model wrote it
};

/// The input "text" of an action that types or presses keys; empty when it has none.
inline std::string text_input(const Action& action) {
  const auto found = action.input.find("text");
  return found != action.input.end() && found->is_string() ? found->get<std::string>() : std::string();
}

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
