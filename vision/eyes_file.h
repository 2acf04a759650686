#pragma once
// The eyes in a model's files, opened but not loaded: what they are, what they weigh, what a picture costs.
//
//   std::optional<EyesFile> eyes = open_eyes_file("mmproj.gguf");       // empty: a directory whose model has none
//   EyesSummary summary = eyes_summary(*eyes);                          // 893 MB of weights
//   PictureCost cost = picture_cost(*eyes, {1920, 1080});               // 2040 tokens, 0.6 GB, 5.1 TFLOP
//
// Errors: ModelFileError for files; ImageError for a picture that the eyes' rules refuse.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/model_file.h"
#include "vision/preprocess/preprocessor.h"

namespace deskhand {

class Backend;
struct Encoder;
class ImageEncoder;
struct ModelInfo;

struct EyesFile {
  const Encoder* encoder = nullptr;
  std::shared_ptr<const ModelFile> file;
  Preprocessor preprocessor;  ///< a picture is one frame, as the eyes see it

  /// `text_width`: of the language model. The backend must outlive the encoder.
  std::unique_ptr<ImageEncoder> load(Backend& backend, int64_t text_width) const;
};

/// `preprocessor`: what prepares pictures, in place of what the file says of it; null: the file's.
std::optional<EyesFile> open_eyes_file(const std::filesystem::path& path, const Preprocessor* preprocessor = nullptr);

struct EyesSummary {
  std::filesystem::path path;
  std::string encoder;  ///< "qwen3vl_merger", or the model type of what no projector file has
  std::string types;    ///< "BF16 100, F32 201"
  int64_t parameters = 0, layers = 0, width = 0;
  size_t weight_bytes = 0;
  bool quantised = false;  ///< most bytes are of a quantised type
};

EyesSummary eyes_summary(const EyesFile& eyes);
/// Throws ModelFileError for the eyes of another model: of another family, or that make rows of another width.
void expect_eyes_of(const ModelInfo& model, const EyesFile& eyes);

/// What it takes to see one picture.
struct PictureCost {
  PictureSize picture, frame;  ///< as it is; as the eyes see it
  int64_t patches = 0, tokens = 0;
  size_t peak_bytes = 0;  ///< beside the weights, while it is encoded: an upper bound
  double flops = 0;       ///< of the products and the attention
};

PictureCost picture_cost(const EyesFile& eyes, PictureSize picture);
/// Of a picture that has the most patches.
PictureCost largest_picture_cost(const EyesFile& eyes);

}  // namespace deskhand
