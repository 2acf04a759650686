#pragma once
// One action, from the look at the screen to its effect: found, judged, checked against the screen, done, verified.
//
//   Actor actor(parts, goal, dry_run, stop);
//   Performed performed;
//   actor.perform(action, seen, performed);        // `seen` becomes the screen afterwards
//
// DesktopError and Stopped leave `performed` with what is known so far.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/consent.h"
#include "agent/effect.h"
#include "agent/observation.h"
#include "agent/secrets.h"

namespace deskhand {

/// The user stopped the run.
class Stopped : public std::exception {
 public:
  const char* what() const noexcept override { return "stopped by the user"; }
};

struct Performed {
  Step step;
  std::optional<Target> target;
  bool refused = false;                   ///< by the policy or the user
  bool finished = false;                  ///< `done`
  bool success = false;                   ///< what the mind says of it
  Image before, after;                    ///< without secrets
  std::shared_ptr<const Image> closer{};  ///< what `zoom` shows
};

class Actor {
 public:
  /// Borrows the parts and the secrets, to which it adds what it types.
  Actor(const AgentParts& parts, Secrets& secrets, std::string goal, bool dry_run, std::stop_token stop)
      : parts_(parts), secrets_(secrets), goal_(std::move(goal)), dry_run_(dry_run), stop_(std::move(stop)) {}

  void perform(const Action& action, Observation& seen, Performed& out) const;

 private:
  enum class Ready { yes, look_again, failed };

  ToolContext context(const Observation& seen) const;
  /// Finds the target, waiting a little for a window that is about to open. False: out says why not.
  bool locate(const Tool& tool, Observation& seen, Performed& out) const;
  /// Brings the target's window to the front where it is covered or lacks the keyboard.
  Ready bring_to_front(const Tool& tool, Observation& seen, Performed& out) const;
  /// Asks whoever must be asked, unless `consent` says that the user agreed to this already. Look again: there was a
  /// yes, and while it was asked for anything may have happened. Failed: out says why not, or that the user did it.
  Ready permit(const Tool& tool, Observation& seen, Performed& out, std::optional<Consent>& consent) const;
  /// Nobody can answer with keys held down: they go up. False, with out saying so, for a button that is held.
  bool let_go(Performed& out) const;
  /// False: they cannot be pressed now; out says why.
  bool hold_again(const std::vector<std::string>& keys, Performed& out) const;
  /// The user answered in a window of their own: the target's window comes back to the front.
  void return_to(const Tool& tool, const std::optional<Target>& target) const;
  /// Whether the target still looks as it was judged.
  bool is_fresh(const Tool& tool, const Observation& seen, const Target& target) const;
  bool same_place(const Observation& seen, const Target& target, bool keyboard) const;
  /// Whether the application still says that the same element is there (at the point, or under the keyboard focus).
  bool same_element(const Tool& tool, const Observation& seen, const Target& target) const;
  /// Runs the tool and looks at the effect. False: the target moved before it could run.
  bool act(const Tool& tool, Observation& seen, Performed& out) const;
  void verify(const ChangeMask& restless, const Image& before, Observation& seen, Performed& out) const;
  void look(Observation& seen) const;
  void check_stop() const {
    if (stop_.stop_requested()) throw Stopped();
  }

  const AgentParts& parts_;
  Secrets& secrets_;
  std::string goal_;
  bool dry_run_;
  std::stop_token stop_;
};

}  // namespace deskhand
