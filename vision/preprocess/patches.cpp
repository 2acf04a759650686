#include "vision/preprocess/patches.h"

#include <algorithm>

#include "kernels/check.h"

namespace deskhand {

PatchWriter::PatchWriter(const PictureSettings& settings, PatchLayout layout, std::span<float> out)
    : layout_(layout), side_(settings.patch), frames_(settings.frames), out_(out) {
  for (size_t channel = 0; channel < 3; ++channel) {
    const auto mean = static_cast<float>(settings.mean[channel]);
    const auto deviation = static_cast<float>(settings.deviation[channel]);
    for (size_t byte = 0; byte < 256; ++byte) {
      const auto value = static_cast<float>(static_cast<double>(byte) * settings.scale);
      levels_[channel][byte] = settings.normalises ? (value - mean) / deviation : value;
    }
  }
}

void PatchWriter::write(const Image& picture, int x, int y) {
  const size_t area = static_cast<size_t>(side_) * side_;
  const size_t plane = area * frames_;
  CHECK(out_.size() >= 3 * plane && x + side_ <= picture.width && y + side_ <= picture.height);
  for (int row = 0; row < side_; ++row) {
    const uint8_t* from = picture.pixel(x, y + row);
    for (int column = 0; column < side_; ++column) {
      const size_t at = static_cast<size_t>(row) * side_ + column;
      for (size_t c = 0; c < 3; ++c) {
        out_[layout_ == PatchLayout::planes ? c * plane + at : at * 3 + c] = levels_[c][*from++];
      }
    }
  }
  if (layout_ == PatchLayout::planes) {
    for (size_t c = 0; c < 3; ++c) {
      for (int frame = 1; frame < frames_; ++frame) {
        std::copy_n(out_.begin() + c * plane, area, out_.begin() + c * plane + frame * area);
      }
    }
  }
  out_ = out_.subspan(3 * plane);
}

void PatchWriter::write_grid(const Image& picture, int x, int y, int rows, int columns) {
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) write(picture, x + column * side_, y + row * side_);
  }
}

void PatchWriter::write_nothing(int64_t patches) {
  const size_t values = static_cast<size_t>(patches) * 3 * side_ * side_ * frames_;
  CHECK(out_.size() >= values);
  std::fill_n(out_.begin(), values, 0.0F);
  out_ = out_.subspan(values);
}

}  // namespace deskhand
