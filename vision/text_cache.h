#pragma once
// OCR of windows that reads again only the rows that changed.
//
//   TextCache cache(ocr);
//   for (const OcrText& text : cache.read(image, window.id, window.box)) …
//
// Keys that were not asked for since the last forget_unused() are forgotten then.

#include <map>

#include "vision/screen_reader.h"

namespace deskhand {

class TextCache {
 public:
  /// A key and, for keys with several regions, which.
  using Key = std::pair<WindowId, int>;

  explicit TextCache(Ocr& ocr) : ocr_(ocr) {}
  /// Texts of the region, boxes in the image's pixels.
  std::vector<OcrText> read(const Image& image, Key key, ScreenRect region);
  void forget_unused();

 private:
  struct Entry {
    Image pixels;                ///< of the region
    std::vector<OcrText> texts;  ///< boxes from the region's corner
    bool used = false;
  };
  void read_rows(Entry& entry, int y0, int y1);

  Ocr& ocr_;
  std::map<Key, Entry> entries_;
};

}  // namespace deskhand
