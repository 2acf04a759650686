#pragma once
// Pictures of the whole screen through shared memory (MIT-SHM), the pointer drawn in on request (XFixes).
//
//   ScreenCapture capture(connection);
//   Image image = capture.take(false);      // 1920×1080: a few milliseconds
//
// Without shared memory (a remote display) the picture travels over the connection. TrueColor visuals only.

#include <X11/Xlib.h>
#include <X11/extensions/XShm.h>

#include "platform/x11/connection.h"

namespace deskhand::x11 {

class ScreenCapture {
 public:
  explicit ScreenCapture(Connection& connection);
  ~ScreenCapture();
  ScreenCapture(const ScreenCapture&) = delete;
  ScreenCapture& operator=(const ScreenCapture&) = delete;

  Image take(bool with_pointer);

 private:
  void make_segment(int width, int height);
  void drop_segment() noexcept;
  bool read_shared(const ScreenRect& size);
  void draw_pointer(Image& image);

  Connection& connection_;
  bool shared_ = false;       ///< the server can attach our memory
  bool has_pointer_ = false;  ///< XFixes is there
  XShmSegmentInfo segment_{};
  XImage* image_ = nullptr;  ///< lies in the segment
};

}  // namespace deskhand::x11
