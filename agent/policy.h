#pragma once
// What may be done without asking, what the user must confirm or do, and what is never done.
//
//   Policy policy = Policy::builtin();                            // or Policy::read("policy.json")
//   Judgement j = policy.judge(action, *tool, target, {.screen = screen, .goal = goal});
//   if (j.verdict == Verdict::deny) …
//
// A policy file is JSON with comments; its form is in docs/policy.md and in Policy::builtin_text(). A `deny` wins over
// everything; then an explicit `allow` of the file; then hand_off, ask; then the default. Text on the screen can make
// an action riskier, never safer: only rules and the user are permission.

#include <filesystem>
#include <optional>
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
  std::string_view goal{};  ///< the user's words
};

struct PolicyRule {
  Verdict verdict = Verdict::ask;
  std::vector<std::string> applications{}, windows{};  ///< globs, without case; empty: any
  std::vector<std::string> labels{};                   ///< globs of the target's name, without case; empty: any
  std::vector<std::string> words{};                    ///< whole words or phrases of the target's name; empty: any
  std::vector<std::string> roles{};                    ///< as role_name says; empty: any
  std::vector<std::string> keys{};                     ///< chords, modifiers in any order; empty: any action
  std::vector<std::string> tools{};                    ///< names of tools; empty: any
  bool unless_named = false;  ///< does not apply when the user's own words contain the target's name
  std::string reason{};
};

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
  std::vector<PolicyRule> rules_;
  Verdict otherwise_ = Verdict::allow;  ///< what no rule decides
  Verdict unlabelled_ = Verdict::ask;   ///< a pointer action on something without a name
  Verdict terminal_ = Verdict::ask;     ///< the keyboard in a terminal
  Verdict password_ = Verdict::hand_off;
};

}  // namespace deskhand
