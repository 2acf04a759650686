#pragma once
// Words that an OCR engine read, joined to what a person sees as one text.
//
//   join_words({{"Send", {10, 10, 40, 20}, .9f, 1}, {"order", {44, 10, 80, 20}, .9f, 1}, {"Reset", {120, 10, …}, .9f,
//   1}})
//   // "Send order", "Reset": a gap wider than a line is high separates neighbours

#include "vision/screen_reader.h"

namespace deskhand {

struct ReadWord {
  std::string text{};
  ScreenRect box{};
  float confidence = 0;  ///< 0…1
  int line = 0;          ///< words of one line stand together, left to right
};

/// Drops what is no word (low confidence, no letter or digit), joins the rest.
std::vector<OcrText> join_words(std::span<const ReadWord> words);

}  // namespace deskhand
