#include "apps/cli/look.h"

#include <fmt/format.h>

#include "vision/image_io.h"

namespace deskhand {
namespace {

template <typename Open>
auto open_or_say(Open open, std::string_view what, CommandContext& context) {
  std::string reason;
  auto opened = open(&reason);
  if (!opened && context.verbose) context.err << fmt::format("{} is not there: {}\n", what, reason);
  return opened;
}

}  // namespace

Eyes::Eyes(const X11Options& display, CommandContext& context)
    : desktop_(open_x11_desktop(display)),
      accessibility_(open_or_say(open_accessibility, "accessibility", context)),
      ocr_(open_or_say(open_ocr, "OCR", context)),
      reader_(accessibility_.get(), ocr_.get()) {}

Look Eyes::look() {
  Look look;
  look.image = desktop_->capture();
  look.screen = reader_.read(look.image, desktop_->windows());
  return look;
}

Look look_at_file(const std::string& path) {
  Look look;
  look.image = read_image(path);
  std::string reason;
  const auto ocr = open_ocr(&reason);
  if (!ocr) throw UsageError("a picture can only be read with OCR: " + reason);
  ScreenReader reader(nullptr, ocr.get());
  look.screen = reader.read_image(look.image);
  return look;
}

}  // namespace deskhand
