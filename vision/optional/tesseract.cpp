#include <fmt/format.h>
#include <omp.h>
#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <cmath>

#include "vision/image_io.h"
#include "vision/screen_reader.h"
#include "vision/text_runs.h"

namespace deskhand {
namespace {

constexpr int enlargement = 2;  // screen fonts are too small for the model: 34 of 42 labels instead of 27
constexpr int smallest_side = 6;

Image grey_part(const Image& image, ScreenRect part) {
  Image grey(part.width(), part.height(), 1);
  for (int y = 0; y < grey.height; ++y) {
    for (int x = 0; x < grey.width; ++x) {
      const uint8_t* from = image.pixel(part.x0 + x, part.y0 + y);
      *grey.pixel(x, y) = image.channels == 1
                              ? *from
                              : static_cast<uint8_t>((299 * from[0] + 587 * from[1] + 114 * from[2] + 500) / 1000);
    }
  }
  return grey;
}

class TesseractOcr : public Ocr {
 public:
  static std::unique_ptr<Ocr> open(std::string* reason) {
    auto ocr = std::unique_ptr<TesseractOcr>(new TesseractOcr);
    if (ocr->engine_.Init(nullptr, "eng", tesseract::OEM_LSTM_ONLY) != 0) {
      if (reason != nullptr) *reason = "Tesseract's English data are missing (package tesseract-ocr-eng)";
      return nullptr;
    }
    ocr->engine_.SetVariable("debug_file", "/dev/null");
    ocr->engine_.SetPageSegMode(tesseract::PSM_SINGLE_BLOCK);
    return ocr;
  }

  std::vector<OcrText> read(const Image& image, ScreenRect region) override {
    const ScreenRect part = region.intersect(image.bounds());
    if (part.width() < smallest_side || part.height() < smallest_side) return {};
    const Image grey = grey_part(image, part);
    const Image large = resize(grey, grey.width * enlargement, grey.height * enlargement, ResizeFilter::bilinear);
    omp_set_max_active_levels(0);  // no threads in this one: they would wait for each other longer than they work
    engine_.SetImage(large.data.data(), large.width, large.height, 1, large.width);
    engine_.SetSourceResolution(96 * enlargement);
    std::vector<ReadWord> words;
    if (engine_.Recognize(nullptr) == 0) words = collect(part);
    engine_.Clear();
    return join_words(words);
  }

 private:
  TesseractOcr() = default;

  /// Boxes go back from the enlarged part to the image.
  std::vector<ReadWord> collect(const ScreenRect& part) {
    std::vector<ReadWord> words;
    const std::unique_ptr<tesseract::ResultIterator> at(engine_.GetIterator());
    if (at == nullptr || at->Empty(tesseract::RIL_WORD)) return words;
    int line = 0;
    do {
      if (at->IsAtBeginningOf(tesseract::RIL_TEXTLINE)) ++line;
      const std::unique_ptr<char[]> text(at->GetUTF8Text(tesseract::RIL_WORD));
      int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
      if (text == nullptr || !at->BoundingBox(tesseract::RIL_WORD, &x0, &y0, &x1, &y1)) continue;
      const auto up = [](int v) { return (v + enlargement - 1) / enlargement; };
      words.push_back(
          {.text = text.get(),
           .box = {part.x0 + x0 / enlargement, part.y0 + y0 / enlargement, part.x0 + up(x1), part.y0 + up(y1)},
           .confidence = at->Confidence(tesseract::RIL_WORD) / 100,
           .line = line});
    } while (at->Next(tesseract::RIL_WORD));
    return words;
  }

  tesseract::TessBaseAPI engine_;
};

}  // namespace

std::unique_ptr<Ocr> open_ocr(std::string* reason) {
  return TesseractOcr::open(reason);
}

}  // namespace deskhand
