#include "apps/bench/image_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/memory.h"
#include "core/readable_bytes.h"
#include "vision/formats/format.h"

namespace deskhand {
namespace {

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Edges as on a screen; what is on a picture does not change the work.
Image some_picture(PictureSize size) {
  Image image(size.width, size.height);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      uint8_t* pixel = image.pixel(x, y);
      for (int channel = 0; channel < 3; ++channel) pixel[channel] = static_cast<uint8_t>((x ^ y) * (channel + 3));
    }
  }
  return image;
}

void check_memory(const EyesFile& eyes, const PictureCost& cost) {
  const size_t weights = eyes_summary(eyes).weight_bytes,
               picture = size_t{3} * static_cast<size_t>(cost.picture.width) * static_cast<size_t>(cost.picture.height);
  const size_t needed = weights + picture + cost.peak_bytes, free = available_memory();
  if (needed <= free) return;
  throw NotEnoughMemory(fmt::format(
      "{}: {} of weights and {} to encode a picture of {}×{} do not fit into the {} of memory that are free",
      eyes.file->path().string(), readable_bytes(uint64_t{weights}), readable_bytes(uint64_t{needed - weights}),
      cost.picture.width, cost.picture.height, readable_bytes(uint64_t{free})));
}

}  // namespace

ImageTest::ImageTest(EyesFile eyes, int64_t text_width, std::unique_ptr<Backend> backend)
    : eyes_(std::move(eyes)), backend_(std::move(backend)), text_width_(text_width) {}

ImageTimes ImageTest::run(PictureSize size, int repeats, std::stop_token stop) {
  check_size("--image", size.width, size.height, {});
  ImageTimes times{.cost = picture_cost(eyes_, size)};
  check_memory(eyes_, times.cost);
  const std::unique_ptr<ImageEncoder> encoder = eyes_.load(*backend_, text_width_);
  const Image picture = some_picture(size);
  double prepare = std::numeric_limits<double>::infinity(), all = prepare;
  for (int i = 0; i < repeats; ++i) {
    prepare = std::min(prepare, seconds_of([&] { (void)eyes_.preprocessor.prepare(picture); }));
    all = std::min(all, seconds_of([&] { (void)encoder->encode(picture, stop); }));
    if (stop.stop_requested()) return times;
  }
  times.prepare_seconds = std::min(prepare, all);
  times.encode_seconds = all - times.prepare_seconds;
  return times;
}

}  // namespace deskhand
