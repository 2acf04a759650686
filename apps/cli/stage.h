#pragma once
// The display that a command works on: the user's, a named one, or a private one with programs of its own.
//
//   Stage stage({.private_display = true, .programs = {"mousepad"}});
//   Eyes eyes(stage.x11(), context);
//
// Programs started here end with the object.

#include <memory>
#include <string>
#include <vector>

#include "platform/private_display.h"

namespace deskhand {

struct StageOptions {
  std::string display;  ///< empty: $DISPLAY
  bool private_display = false;
  std::vector<std::string> programs;  ///< command lines for the private display, split at spaces
};

class Stage {
 public:
  explicit Stage(const StageOptions& options);
  X11Options x11() const;

 private:
  std::string display_;
  std::unique_ptr<PrivateDisplay> private_;
  std::vector<std::unique_ptr<Process>> programs_;
};

/// A command line as words; quotes ('…' and "…") keep spaces together. Throws UsageError for an open quote.
std::vector<std::string> split_words(const std::string& line);

}  // namespace deskhand
