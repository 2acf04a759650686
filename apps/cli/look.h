#pragma once
// One look at a screen or a picture, with whatever readers this machine has.
//
//   Eyes eyes({.display = ":1"}, context);
//   Look look = eyes.look();                          // capture, windows, elements

#include <memory>
#include <string>

#include "apps/cli/command.h"
#include "platform/accessibility.h"
#include "platform/desktop.h"
#include "vision/screen_reader.h"

namespace deskhand {

struct Look {
  Image image;
  Screen screen;
};

/// The desktop of a display with its accessibility bus and OCR. With --verbose it says what is missing.
class Eyes {
 public:
  Eyes(const X11Options& display, CommandContext& context);
  Look look();
  Desktop& desktop() { return *desktop_; }
  ScreenReader& reader() { return reader_; }

 private:
  std::unique_ptr<Desktop> desktop_;
  std::unique_ptr<Accessibility> accessibility_;
  std::unique_ptr<Ocr> ocr_;
  ScreenReader reader_;
};

/// The elements of a picture file: OCR alone. Throws UsageError when OCR is missing.
Look look_at_file(const std::string& path);

}  // namespace deskhand
