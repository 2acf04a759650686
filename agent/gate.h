#pragma once
// When a mind may say that it is done. Small minds say so too early; at most twice they are not believed.
//
//   Gate gate(goal, first_screen);
//   gate.touched(element);                        // after every action on an element
//   if (!gate.open(screen, actions)) …            // why: gate.reason()
//
// Closed: before the first action, unless the task asks a question; while a button, checkbox, radio button or item that
// the task names is untouched; while a dialog is open that was not there at the start. Menus do not count. Things are
// done in the order of the task's words: what it names later waits (gate.waiting), at most as often.

#include <set>
#include <string>
#include <vector>

#include "vision/screen_reader.h"

namespace deskhand {

class Gate {
 public:
  static constexpr int max_refusals = 2;

  Gate(const std::string& goal, const Screen& first);
  void touched(const ScreenElement& element);
  /// Whether `done` is fine now. Pure: refusals are counted by refuse().
  bool open(const Screen& screen, int actions);
  void refuse() { ++refusals_; }
  /// Ids of buttons, boxes and items that the task names after something that was not touched yet.
  std::set<int> waiting(const Screen& screen) const;
  /// Ids of boxes and options that share no word with the task, where others do.
  std::set<int> foreign(const Screen& screen) const;
  /// Why the last open() said no.
  const std::string& reason() const { return reason_; }

 private:
  struct Named {
    std::string words, shown;
    size_t position = 0;  ///< in the task, of its last mention
    bool touched = false;
    std::set<int> ids;
  };
  /// What the task names, in the order of the task. Menus, texts and fields do not count.
  std::vector<Named> named(const Screen& screen) const;

  std::string goal_;  ///< in plain words
  bool question_ = false;
  std::set<WindowId> first_windows_;
  std::set<std::string> touched_;  ///< names in plain words
  int refusals_ = 0;
  std::string reason_;
};

/// Whether the task wants to know something rather than have something done.
bool asks_question(const std::string& goal);

}  // namespace deskhand
