#pragma once
// The loop: look, think, judge, act, check the effect.
//
//   Agent agent({.mind = *mind, .dialect = dialect, .desktop = *desktop, .read_screen = …, .policy = policy, .user =
//   user}); Outcome outcome = agent.run("Press Submit", {.max_steps = 20}, stop);
//
// Every action is judged by the policy and checked on the screen; before it runs, the target must still look as it was
// judged. Whatever happens (a stop, a lost display, an exception of the mind), keys and buttons are released, the trace
// ends with its outcome, and run() returns it.

#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/dialect.h"
#include "agent/mind.h"
#include "agent/policy.h"
#include "agent/trace.h"
#include "agent/transcript.h"
#include "agent/user.h"
#include "platform/desktop.h"
#include "tools/clock.h"
#include "tools/tool.h"
#include "vision/encoder.h"
#include "vision/screen_reader.h"

namespace deskhand {

enum class Approval {
  ask,        ///< the user is asked about what the policy asks about
  automatic,  ///< what the policy asks about is denied and reported
};

struct Limits {
  int max_steps = 30;
  double max_seconds = 600;
  bool dry_run = false;  ///< says what it would do first, does nothing
};

struct Outcome {
  enum class Status { done, failed, stopped, limit, desktop_lost };
  Status status = Status::failed;
  std::string answer{};  ///< the model's, for the user
  std::string reason{};  ///< one line, when not done
  int steps = 0;
  int asked = 0;                                                       ///< calls of the mind
  int64_t prompt_tokens = 0, reused_tokens = 0, generated_tokens = 0;  ///< reused: of the prompts, not computed again
  double seconds = 0;
};
/// "done", "failed", "stopped", "limit"; a lost desktop is "failed" here.
std::string_view outcome_name(Outcome::Status status);

/// What the loop works with; all borrowed.
struct AgentParts {
  Mind& mind;
  const Dialect& dialect;
  Desktop& desktop;
  std::function<Screen(const Image&, std::span<const Window>)> read_screen{};
  /// What applications say of windows, without looking at pixels: asked once more right before a click. May be empty.
  std::function<std::vector<ScreenElement>(std::span<const Window>)> read_applications{};
  const Policy& policy;
  User& user;
  Approval approval = Approval::ask;
  Trace* trace = nullptr;
  Clock& clock = system_clock();
  std::function<void(const Step&)> on_step = nullptr;
  TextSink on_text = nullptr;          ///< what the mind says, as it says it
  const ImageEncoder* eyes = nullptr;  ///< of the mind, where it has its own: the frame is as they see it
};

class Agent {
 public:
  explicit Agent(AgentParts parts);
  /// Never throws for what happens in the run.
  Outcome run(const std::string& goal, const Limits& limits, std::stop_token stop);
  /// Does the given actions one after the other, without asking the mind; the first that fails ends it.
  Outcome replay(const std::vector<Action>& actions, const std::string& goal, const Limits& limits,
                 std::stop_token stop);

 private:
  Outcome guarded(class Loop& loop, const std::function<void()>& body);
  AgentParts parts_;
};

}  // namespace deskhand
