#pragma once
// The loop inside an Agent: when to ask the mind, what to tell it, when to believe that it is done.
//
//   Loop loop(parts, "Press Submit", limits, stop);
//   Outcome outcome = loop.run();                 // throws what Agent turns into an outcome
//
// The mind is asked again when its script is used up, when a window opens or closes, and when a call fails.

#include <deque>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/actor.h"
#include "agent/gate.h"
#include "agent/repetition.h"
#include "agent/turn_log.h"

namespace deskhand {

class Loop {
 public:
  Loop(const AgentParts& parts, std::string goal, const Limits& limits, const std::stop_token& stop);

  Outcome run();
  /// Only these actions, without the mind.
  Outcome replay(const std::vector<Action>& actions);
  /// What is known when run() or replay() threw.
  Outcome& outcome() { return outcome_; }
  const Secrets& secrets() const { return secrets_; }

 private:
  void begin();
  /// The next end of the run, if this is it: limits, no window left.
  bool is_over();
  /// Fills the script. False: the run ends, outcome_ says why.
  bool ask();
  DialectInput input_for_mind();
  /// Fills the script from the reply. False: it cannot be read, or is cut.
  bool take_reply(const MindReply& reply);
  void record_thought(const DialectInput& input, std::string asked, const MindReply& reply, bool readable);
  /// One action of the script. False: the run ends.
  bool next_action();
  /// What a dialect that is told of elements is told of this screen.
  void describe_elements(DialectInput& input);
  /// The rest of the script is not done; what it holds down is let go.
  void drop_script(const std::string& why);
  /// False: done is not believed yet.
  bool accept_done();
  void perform(const Action& action, Performed& performed);
  bool follow_up(const Performed& performed);
  /// The element that it names, if it is on the screen.
  std::optional<ScreenElement> element_of(const Action& action) const;
  bool leave_out(const Action& action);
  void record(const Performed& performed);
  void finish(Outcome::Status status, std::string reason);
  /// The screen, after waiting a little for a first or a next window.
  void wait_for_window();
  double elapsed() const;

  const AgentParts& parts_;
  std::string goal_;
  Limits limits_;
  std::stop_source inner_;  ///< the user's stop, or the end of the time
  std::stop_callback<std::function<void()>> forward_;
  std::stop_token user_stop_;
  Secrets secrets_;
  Actor actor_;
  Outcome outcome_;
  Clock::Duration started_;
  Day today_;

  Observation seen_;
  Observation asked_about_;  ///< without its picture: the windows when the mind was asked
  std::optional<Gate> gate_;
  std::optional<TurnLog> log_;  ///< of a dialect that sees
  Repetition repetition_;
  std::deque<Action> script_;
  std::vector<Action> done_;
  std::vector<std::string> notes_;
  std::set<std::string> denied_;  ///< names of what the policy or the user refused: not offered again
  double think_ms_ = 0;
  int actions_ = 0;  ///< that were executed
  int asks_without_action_ = 0, refusals_ = 0;
  bool done_refused_ = false, replaying_ = false;
};

}  // namespace deskhand
