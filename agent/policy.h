#pragma once
// What may be done without asking, what the user must confirm or do, and what is never done.
//
//   Policy policy = Policy::builtin();                            // or Policy::read("policy.json")
//   Judgement j = policy.judge(action, *tool, target, {.screen = screen, .goal = goal});
//   if (j.verdict == Verdict::deny) …
//
// A policy file is JSON with comments; Policy::builtin_text() is one, and explains its form. A `deny` wins over
// everything; then hand_off; then an explicit allow; then ask; then the default. Text on the screen can make an action
// riskier, never safer: only rules and the user are permission. Of a drag both ends are judged, and the stricter
// verdict counts; a key is judged together with those that are held.

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "agent/transcript.h"
#include "tools/tool.h"

namespace deskhand {

/// The file is missing, is no JSON, or says something unknown: where, what, expected.
class PolicyError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Judgement {
  Verdict verdict = Verdict::allow;
  std::string reason{};
};

/// What the policy looks at besides the action.
struct JudgedScene {
  const Screen& screen;
  std::string_view goal{};          ///< the user's words
  std::vector<std::string> held{};  ///< keys that are down already, as keys_of_chord names them
};

/// Applies when everything that it states fits. Globs and words are compared without case.
struct PolicyRule {
  Verdict verdict = Verdict::ask;
  std::vector<std::string> applications{}, not_applications{}, windows{};  ///< globs
  std::vector<std::string> labels{};  ///< globs of the target's name, for every action on it
  std::vector<std::string> words{};   ///< words or phrases of the name, for what presses or chooses it
  std::vector<std::string> roles{};   ///< as role_name says
  std::vector<std::string> keys{};    ///< globs of chords, modifiers in the order ctrl, alt, shift, super
  std::vector<std::string> tools{};   ///< names of tools
  bool outside_fields = false;        ///< only when the focus is not in a text field
  bool unless_named = false;          ///< not when the user's own words contain the target's name
  std::string reason{};
};

struct ActionFacts;

class Policy {
 public:
  static Policy builtin();
  static std::string_view builtin_text();
  /// Throws PolicyError.
  static Policy read(const std::filesystem::path& file);
  static Policy parse(std::string_view text, std::string_view origin);

  Judgement judge(const Action& action, const Tool& tool, const std::optional<Target>& target,
                  const JudgedScene& scene) const;

 private:
  friend class PolicyParser;
  enum class End { start, drop };

  Judgement judge_place(const Action& action, const Tool& tool, const std::optional<Target>& target,
                        const JudgedScene& scene, End end) const;
  Judgement judge_rules(const ActionFacts& facts) const;
  /// What Return may set off besides the focused element: the buttons of the active window.
  Judgement judge_default_button(ActionFacts facts, const Screen& screen) const;

  std::vector<PolicyRule> rules_;
  Verdict otherwise_ = Verdict::allow;  ///< what no rule decides
  Verdict unlabelled_ = Verdict::ask;   ///< a press on something without a name
  Verdict terminal_ = Verdict::ask;     ///< the keyboard in a terminal
  Verdict password_ = Verdict::hand_off;
};

}  // namespace deskhand
