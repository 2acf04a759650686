#pragma once
// What is on the screen: accessibility and OCR merged into one numbered list.
//
//   ScreenReader reader(accessibility.get(), ocr.get());
//   Screen screen = reader.read(desktop->capture(), desktop->windows());
//   // screen.elements[3] = {.id = 4, .role = Role::button, .text = "Submit", .box = …}
//
// Ids count from 1 in reading order within a window, topmost window first. Text is untrusted.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "platform/accessibility.h"
#include "platform/image.h"

namespace deskhand {

enum class ElementSource { ocr, accessibility, model };

struct ScreenElement {
  int id = 0;
  Role role = Role::other;
  std::string text{};   ///< the name: label of a field, caption of a button, or the words read
  std::string value{};  ///< what a field holds
  ScreenRect box{};
  ElementSource source = ElementSource::accessibility;
  WindowId window = 0;  ///< 0: of no listed window
  bool focused = false, enabled = true, checkable = false, checked = false, selected = false, editable = false,
       clickable = false;
};

struct Screen {
  ScreenRect bounds;
  std::vector<Window> windows;  ///< topmost first, without our own
  std::vector<ScreenElement> elements;
};

/// A line or word that OCR read.
struct OcrText {
  std::string text;
  ScreenRect box;
  float confidence = 0;  ///< 0…1
};

class Ocr {
 public:
  virtual ~Ocr() = default;
  /// Runs of words of the region, split at wide gaps; boxes in the image's pixels.
  virtual std::vector<OcrText> read(const Image& image, ScreenRect region) = 0;
};

/// Null when built without Tesseract or when its English data is missing (why: `reason`).
std::unique_ptr<Ocr> open_ocr(std::string* reason);

class ScreenReader {
 public:
  /// Either may be null. Borrowed.
  ScreenReader(Accessibility* accessibility, Ocr* ocr);
  ~ScreenReader();
  /// OCR runs only where accessibility says nothing, and only on what changed since the last call.
  Screen read(const Image& image, std::span<const Window> windows);
  /// What applications say of these windows now, without a picture: cheap, unsorted, without ids.
  std::vector<ScreenElement> read_applications(std::span<const Window> windows);
  /// A picture alone: OCR only.
  Screen read_image(const Image& image);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Match {
  int id = 0;
  double score = 0;  ///< 1: the same text
};

/// Elements whose text resembles `text`: exact, then without case and punctuation, then prefix, then substring, then
/// similar spelling; best first. "#2" at the end picks the second of the same name.
std::vector<Match> find_elements(const Screen& screen, std::string_view text);

}  // namespace deskhand
