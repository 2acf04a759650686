#include "vision/screen_reader.h"

namespace deskhand {

std::unique_ptr<Ocr> open_ocr(std::string* reason) {
  if (reason != nullptr) *reason = "built without Tesseract (package libtesseract-dev)";
  return nullptr;
}

}  // namespace deskhand
