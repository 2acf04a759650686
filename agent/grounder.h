#pragma once
// Where something is on a picture, by a model that was trained to find it.
//
//   Grounder grounder(mind, *find_dialect("gta1"), &encoder);
//   std::optional<ScreenPoint> point = grounder.find(picture, "the OK button", stop);
//
// It looks twice: at the whole picture, then at the part around what it found, where small things are larger.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "agent/dialect.h"
#include "agent/mind.h"
#include "vision/encoder.h"

namespace deskhand {

class Grounder {
 public:
  /// Pictures with a longer side below this are looked at once.
  static constexpr int zooms_from = 1000;

  /// A dialect with `grounds`. `eyes` may be null: the frame is then as the dialect's rule says. All borrowed.
  Grounder(Mind& mind, const Dialect& dialect, const ImageEncoder* eyes)
      : mind_(mind), dialect_(dialect), eyes_(eyes) {}

  /// A pixel of the picture; nothing where the model says that there is no such place, or the stop came first. Throws
  /// DialectError for a first reply that cannot be read; a second one is not needed.
  std::optional<ScreenPoint> find(const Image& picture, const std::string& what, std::stop_token stop);

 private:
  std::optional<ScreenPoint> look(const Image& picture, ScreenRect part, const std::string& what, std::stop_token stop);

  Mind& mind_;
  const Dialect& dialect_;
  const ImageEncoder* eyes_;
};

}  // namespace deskhand
