#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "vision/image_io.h"

namespace deskhand {
namespace {

constexpr int fraction_bits = 22;  // as Pillow: 32 bits less 8 of the pixel and 2 of overshoot

double bilinear(double x) {
  return x < 1 ? 1 - x : 0;
}

double bicubic(double x) {
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) {
  return x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

struct Kernel {
  double (*at)(double distance);
  double support;
};

Kernel kernel_of(ResizeFilter filter) {
  switch (filter) {
    case ResizeFilter::bilinear:
      return {bilinear, 1};
    case ResizeFilter::bicubic:
      return {bicubic, 2};
    case ResizeFilter::lanczos:
      return {lanczos, 3};
  }
  throw std::invalid_argument("resize: unknown filter");
}

/// For one output position: weights of `count` inputs from `first` on, fixed point.
struct Taps {
  int first = 0, count = 0;
  size_t weights = 0;  ///< index of the first in Axis::weights
};

struct Axis {
  std::vector<Taps> taps;        ///< [out]
  std::vector<int32_t> weights;  ///< all taps' weights in one row
};

Axis make_axis(int in, int out, const Kernel& kernel) {
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);  // widens the kernel when shrinking
  const double support = kernel.support * stretch, inverse = 1 / stretch;
  Axis axis;
  std::vector<double> weight;
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int end = std::min(static_cast<int>(center + support + 0.5), in);
    weight.resize(static_cast<size_t>(end - first));
    double sum = 0;
    for (int k = 0; k < end - first; ++k) {
      weight[k] = kernel.at(std::fabs((k + first - center + 0.5) * inverse));
      sum += weight[k];
    }
    axis.taps.push_back({first, end - first, axis.weights.size()});
    for (double w : weight) {
      if (sum != 0) w /= sum;
      axis.weights.push_back(static_cast<int32_t>((w < 0 ? -0.5 : 0.5) + w * (1 << fraction_bits)));
    }
  }
  return axis;
}

uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> fraction_bits, 0, 255));
}

template <int channels>
Image resize_rows(const Image& from, int width, const Axis& axis) {
  Image to(width, from.height, channels);
  for (int y = 0; y < from.height; ++y) {
    const uint8_t* row = from.pixel(0, y);
    uint8_t* out = to.pixel(0, y);
    for (const Taps& taps : axis.taps) {
      const uint8_t* in = row + taps.first * channels;
      const int32_t* weight = axis.weights.data() + taps.weights;
      int32_t sum[channels];
      std::fill_n(sum, channels, 1 << (fraction_bits - 1));
      for (int k = 0; k < taps.count; ++k, in += channels) {
        for (int c = 0; c < channels; ++c) sum[c] += in[c] * weight[k];
      }
      for (int c = 0; c < channels; ++c) *out++ = to_byte(sum[c]);
    }
  }
  return to;
}

Image resize_columns(const Image& from, int height, const Axis& axis) {
  Image to(from.width, height, from.channels);
  const size_t values = static_cast<size_t>(from.width) * from.channels;
  std::vector<int32_t> sum(values);
  for (int y = 0; y < height; ++y) {
    const Taps& taps = axis.taps[static_cast<size_t>(y)];
    std::fill(sum.begin(), sum.end(), 1 << (fraction_bits - 1));
    for (int k = 0; k < taps.count; ++k) {  // whole rows at a time, so that the compiler vectorises
      const uint8_t* in = from.pixel(0, taps.first + k);
      const int32_t weight = axis.weights[taps.weights + k];
      for (size_t i = 0; i < values; ++i) sum[i] += in[i] * weight;
    }
    uint8_t* out = to.pixel(0, y);
    for (size_t i = 0; i < values; ++i) out[i] = to_byte(sum[i]);
  }
  return to;
}

}  // namespace

Image resize(const Image& image, int width, int height, ResizeFilter filter) {
  if (image.empty() || width < 1 || height < 1 || (image.channels != 1 && image.channels != 3)) {
    throw ImageError(fmt::format("cannot resize a picture of {}×{} with {} channels to {}×{}", image.width,
                                 image.height, image.channels, width, height));
  }
  const Kernel kernel = kernel_of(filter);
  // Pillow takes strips over 100 times as high as wide the other way round when their height shrinks.
  const bool columns_first = image.height > int64_t{100} * image.width && height < image.height;
  Image out;
  const Image* from = &image;
  const auto across = [&] {
    if (width == image.width) return;
    const Axis axis = make_axis(image.width, width, kernel);
    out = image.channels == 1 ? resize_rows<1>(*from, width, axis) : resize_rows<3>(*from, width, axis);
    from = &out;
  };
  const auto down = [&] {
    if (height == image.height) return;
    out = resize_columns(*from, height, make_axis(image.height, height, kernel));
    from = &out;
  };
  if (columns_first) down();
  across();
  if (!columns_first) down();
  return from == &image ? image : out;
}

}  // namespace deskhand
