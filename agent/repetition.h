#pragma once
// What was tried in vain: clicks that changed nothing, boxes that were ticked already, actions that come again and
// again.
//
//   Repetition repetition;
//   if (repetition.is_spent(action, element, print)) …        // not again
//   repetition.add(action, element, print, changed);
//   if (repetition.is_loop()) …                               // the same action on the same screen again and again

#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/transcript.h"
#include "vision/screen_reader.h"

namespace deskhand {

class Repetition {
 public:
  /// The same action on the same screen: three times without effect, or six times where only pixels change.
  static constexpr int most_points = 6;

  /// `print` is the fingerprint of the screen before the action; `changed` whether it had any effect.
  void add(const Action& action, const std::optional<ScreenElement>& element, const std::string& print,
           std::optional<bool> changed);
  /// Whether a click on the element would repeat one without effect on the same screen, or toggle a box that was set.
  bool is_spent(const ScreenElement& element, const std::string& print) const;
  bool is_loop() const { return loop_; }
  /// Ids of what is_spent.
  std::set<int> spent_ids(const Screen& screen) const;

 private:
  std::map<std::string, int> points_;        ///< by action and screen: one, without effect two
  std::map<std::string, std::string> vain_;  ///< element → the screen on which a click on it changed nothing
  std::set<std::string> boxes_;              ///< checkboxes and radio buttons that were acted on
  bool loop_ = false;
};

}  // namespace deskhand
