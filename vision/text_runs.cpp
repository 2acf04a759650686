#include "vision/text_runs.h"

#include <utf8proc.h>

#include <algorithm>

namespace deskhand {
namespace {

/// A letter or digit of any script.
bool has_letter(std::string_view text) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (auto left = static_cast<utf8proc_ssize_t>(text.size()); left > 0;) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t length = utf8proc_iterate(at, left, &point);
    if (length <= 0) return false;
    const utf8proc_category_t kind = utf8proc_category(point);
    if (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_NO) return true;
    at += length;
    left -= length;
  }
  return false;
}

/// Icons and borders are read as short words of little confidence.
bool is_word(const ReadWord& word) {
  constexpr float least = 0.3F, least_short = 0.6F;
  if (!has_letter(word.text)) return false;
  return word.confidence >= (word.text.size() <= 2 ? least_short : least);
}

/// A blank is a third of a line's height wide; entries of a menu bar stand nearly a height apart.
bool continues(const OcrText& run, const ReadWord& word) {
  const int height = std::max(run.box.height(), word.box.height());
  const int gap = word.box.x0 - run.box.x1;
  return gap <= std::max(height * 2 / 3, 5) && gap >= -height;
}

}  // namespace

std::vector<OcrText> join_words(std::span<const ReadWord> words) {
  std::vector<OcrText> runs;
  int line = -1, count = 0;
  for (const ReadWord& word : words) {
    if (!is_word(word)) continue;
    if (word.line == line && continues(runs.back(), word)) {
      OcrText& run = runs.back();
      run.text += " " + word.text;
      run.box = run.box.unite(word.box);
      run.confidence = (run.confidence * static_cast<float>(count) + word.confidence) / static_cast<float>(count + 1);
      ++count;
    } else {
      runs.push_back({word.text, word.box, word.confidence});
      count = 1;
    }
    line = word.line;
  }
  return runs;
}

}  // namespace deskhand
