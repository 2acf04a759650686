#include "core/decoder.h"

#include <fmt/format.h>

namespace deskhand {

bool Decoder::remember(const ImageFeatures&, PictureMemory&, const std::stop_token&) {
  throw ModelFileError("the language model has no layers that attend to pictures: the eyes are of another model");
}

const Family& find_family(std::string_view architecture) {
  std::string known;
  for (const Family* family : families()) {
    if (family->architecture == architecture) return *family;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", family->architecture);
  }
  throw ModelFileError(
      fmt::format("model metadata: architecture '{}' is unknown; this version runs {}", architecture, known));
}

}  // namespace deskhand
