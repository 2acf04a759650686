#pragma once
// Pictures among the tokens of a prompt: where one stands, rows of its encoder take the place of embeddings; or a token
// stands there, and layers with cross-attention see the rows from there on.
//
//   PromptImages images;
//   images.add({.begin = 12, .rows = 40, .image = image, .height = 5, .width = 8});
//   ids.push_back(images.at(12)->id(12));             // negative, the same for the same picture
//   images.position(12);                              // {12, 12, 12}; {12, 12, 13} for the next row, …
//
// The ids of a picture's rows are negative numbers that its content decides (ImageIds), so that known prefixes are
// found by ids alone. A picture is encoded when its rows are to be fed.

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "kernels/view.h"

namespace deskhand {

/// What an encoder made of a picture; all f32, in memory of the backend.
struct ImageFeatures {
  ConstView rows{};                      ///< [rows, width]
  std::vector<ConstView> addends{};      ///< [rows, width] each: addend i is added behind layer i
  std::shared_ptr<const void> memory{};  ///< of the views
};

class PromptImage {
 public:
  virtual ~PromptImage() = default;
  /// That of row 0; row r has first_id() − r.
  virtual int32_t first_id() const = 0;
  /// Encoded when asked for, unless somebody still holds them; null when `stop` comes before that is done.
  virtual std::shared_ptr<const ImageFeatures> features(std::stop_token stop) = 0;
};

/// What a picture's row sees of the text and the picture that it belongs to.
enum class RowSees {
  past,                ///< itself and what is before it, as text
  picture,             ///< later rows of its span too
  picture_in_windows,  ///< likewise, but only in layers with a window
};

/// Rows of a picture that stand side by side in a prompt.
struct ImageSpan {
  int64_t begin = 0;  ///< index in the prompt
  int64_t rows = 0;
  std::shared_ptr<PromptImage> image{};
  int64_t first = 0;              ///< the picture's row that stands at `begin`
  int64_t height = 0, width = 0;  ///< the grid whose cells the rows are, where they turn by it; 0: as text does
  RowSees sees = RowSees::past;
  int32_t token = -1;       ///< of the vocabulary, in a span of one row: the picture is attended to. −1: rows in line
  int64_t shown_tiles = 0;  ///< of a picture that is attended to: the first of its tiles, those that are not empty

  bool is_attended() const { return token >= 0; }
  int64_t end() const { return begin + rows; }
  int32_t id(int64_t index) const { return static_cast<int32_t>(image->first_id() - first - (index - begin)); }
};

class PromptImages {
 public:
  static constexpr size_t axes = 3;  ///< time, height, width

  /// In the order of the prompt. The span must lie behind those before it.
  void add(ImageSpan span);
  /// Forgets what begins at `size` or behind.
  void cut(int64_t size);
  bool empty() const { return spans_.empty(); }
  bool has_attended() const;
  std::span<const ImageSpan> spans() const { return spans_; }
  /// The span that holds an index; null for a token.
  const ImageSpan* at(int64_t index) const;
  /// By what a row turns: a token follows the greatest position before it, a picture's cell (r, c) has {p, p + r, p +
  /// c}.
  std::array<int32_t, axes> position(int64_t index) const;

 private:
  const ImageSpan* last_before(int64_t index) const;

  std::vector<ImageSpan> spans_;
  std::vector<int64_t> shifts_;  // positions less indices behind each span
};

/// Numbers for the rows of pictures.
class ImageIds {
 public:
  static constexpr int32_t least = std::numeric_limits<int32_t>::min() + (1 << 20);
  /// The first of `rows` ids for the picture with this digest; the same whenever it is asked again. Throws
  /// std::length_error when all numbers are given away.
  int32_t first_id(const std::string& digest, int64_t rows);

 private:
  std::mutex mutex_;
  std::map<std::string, int32_t> first_;
  int64_t next_ = -1;
};

}  // namespace deskhand
