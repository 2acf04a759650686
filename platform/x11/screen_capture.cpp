#include "platform/x11/screen_capture.h"

#include <X11/Xutil.h>
#include <X11/extensions/Xfixes.h>
#include <fmt/format.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

namespace deskhand::x11 {
namespace {

struct ImageDeleter {
  void operator()(XImage* image) const { XDestroyImage(image); }
};

uint32_t load(const uint8_t* from) {
  uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// 0x00RRGGBB to the bytes R, G, B in the low three.
uint32_t swapped(uint32_t p) {
  return ((p >> 16) & 0xff) | (p & 0xff00) | ((p & 0xff) << 16);
}

/// One row of little-endian BGRX to RGB; four pixels become three words.
void convert_row(const uint8_t* from, uint8_t* to, int width) {
  int x = 0;
  for (; x + 4 <= width; x += 4, from += 16, to += 12) {
    const uint32_t a = swapped(load(from)), b = swapped(load(from + 4));
    const uint32_t c = swapped(load(from + 8)), d = swapped(load(from + 12));
    const uint32_t words[3] = {a | (b << 24), (b >> 8) | (c << 16), (c >> 16) | (d << 8)};
    std::memcpy(to, words, sizeof words);
  }
  for (; x < width; ++x, from += 4, to += 3) {
    to[0] = from[2];
    to[1] = from[1];
    to[2] = from[0];
  }
}

uint8_t channel(unsigned long pixel, unsigned long mask) {
  const int shift = std::countr_zero(mask);
  return static_cast<uint8_t>(((pixel & mask) >> shift) * 255 / (mask >> shift));
}

Image to_rgb(XImage& from) {
  Image image(from.width, from.height);
  const bool plain = from.bits_per_pixel == 32 && from.byte_order == LSBFirst && from.red_mask == 0xff0000 &&
                     from.green_mask == 0xff00 && from.blue_mask == 0xff && std::endian::native == std::endian::little;
  for (int y = 0; y < image.height; ++y) {
    if (plain) {
      const auto* row = reinterpret_cast<const uint8_t*>(from.data) + static_cast<size_t>(y) * from.bytes_per_line;
      convert_row(row, image.pixel(0, y), image.width);
      continue;
    }
    for (int x = 0; x < image.width; ++x) {
      const unsigned long value = XGetPixel(&from, x, y);
      uint8_t* pixel = image.pixel(x, y);
      pixel[0] = channel(value, from.red_mask);
      pixel[1] = channel(value, from.green_mask);
      pixel[2] = channel(value, from.blue_mask);
    }
  }
  return image;
}

}  // namespace

ScreenCapture::ScreenCapture(Connection& connection) : connection_(connection) {
  ::Display* display = connection_.get();
  const ::Visual* visual = DefaultVisual(display, connection_.screen());
  if (visual->c_class != TrueColor) {
    throw DesktopError(
        fmt::format("the display \"{}\" has no TrueColor visual: use one of 24 bits", connection_.name()));
  }
  shared_ = XShmQueryExtension(display) != 0;
  int event = 0, error = 0;
  has_pointer_ = XFixesQueryExtension(display, &event, &error) != 0;
}

ScreenCapture::~ScreenCapture() {
  drop_segment();
}

Image ScreenCapture::take(bool with_pointer) {
  Image image;
  for (int attempt = 0; attempt < 3 && image.empty(); ++attempt) {  // the screen may change its size in between
    const ScreenRect size = connection_.bounds();
    if (shared_ && read_shared(size)) {
      image = to_rgb(*image_);
    } else {
      std::unique_ptr<XImage, ImageDeleter> copy;
      connection_.error_of([&] {
        copy.reset(
            XGetImage(connection_.get(), connection_.root(), 0, 0, size.width(), size.height(), AllPlanes, ZPixmap));
      });
      if (copy) image = to_rgb(*copy);
    }
  }
  if (image.empty()) throw DesktopError(fmt::format("the display \"{}\" gives no picture", connection_.name()));
  if (with_pointer && has_pointer_) draw_pointer(image);
  return image;
}

bool ScreenCapture::read_shared(const ScreenRect& size) {
  if (image_ == nullptr || image_->width != size.width() || image_->height != size.height()) {
    make_segment(size.width(), size.height());
    if (!shared_) return false;
  }
  return connection_.error_of([&] { XShmGetImage(connection_.get(), connection_.root(), image_, 0, 0, AllPlanes); })
      .empty();
}

void ScreenCapture::make_segment(int width, int height) {
  drop_segment();
  ::Display* display = connection_.get();
  ::Visual* visual = DefaultVisual(display, connection_.screen());
  const unsigned depth = DefaultDepth(display, connection_.screen());
  image_ = XShmCreateImage(display, visual, depth, ZPixmap, nullptr, &segment_, width, height);
  shared_ = false;
  if (image_ == nullptr) return;
  const size_t bytes = static_cast<size_t>(image_->bytes_per_line) * height;
  segment_.shmid = ::shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
  void* memory = segment_.shmid < 0 ? reinterpret_cast<void*>(-1) : ::shmat(segment_.shmid, nullptr, 0);
  if (memory != reinterpret_cast<void*>(-1)) {
    segment_.shmaddr = image_->data = static_cast<char*>(memory);
    segment_.readOnly = 0;
    shared_ = connection_.error_of([&] { XShmAttach(display, &segment_); }).empty();
  }
  if (segment_.shmid >= 0) ::shmctl(segment_.shmid, IPC_RMID, nullptr);  // lives until both sides detach
  if (!shared_) drop_segment();
}

void ScreenCapture::drop_segment() noexcept {
  if (image_ == nullptr) return;
  if (shared_ && !connection_.lost()) XShmDetach(connection_.get(), &segment_);
  if (segment_.shmaddr != nullptr) ::shmdt(segment_.shmaddr);
  image_->data = nullptr;
  XDestroyImage(image_);
  image_ = nullptr;
  segment_ = {};
}

void ScreenCapture::draw_pointer(Image& image) {
  const std::unique_ptr<XFixesCursorImage, decltype(&XFree)> cursor(XFixesGetCursorImage(connection_.get()), &XFree);
  if (!cursor) return;
  const int left = cursor->x - cursor->xhot, top = cursor->y - cursor->yhot;
  const ScreenRect shown = ScreenRect{left, top, left + cursor->width, top + cursor->height}.intersect(image.bounds());
  for (int y = shown.y0; y < shown.y1; ++y) {
    for (int x = shown.x0; x < shown.x1; ++x) {
      // Premultiplied ARGB in the low 32 bits of a long.
      const auto argb = static_cast<uint32_t>(cursor->pixels[(y - top) * cursor->width + (x - left)]);
      const uint32_t rest = 255 - (argb >> 24);
      uint8_t* pixel = image.pixel(x, y);
      for (int c = 0; c < 3; ++c) {
        const uint32_t over = (argb >> (16 - 8 * c)) & 0xff;
        pixel[c] = static_cast<uint8_t>(std::min(255U, over + (pixel[c] * rest + 127) / 255));
      }
    }
  }
}

}  // namespace deskhand::x11
