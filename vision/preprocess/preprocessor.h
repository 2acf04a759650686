#pragma once
// Pictures as a model's eyes take them: resized, cut into patches, normalised; bit-equal to transformers' image
// processors (PIL backend).
//
//   Preprocessor eyes = Preprocessor::open("Qwen3.5-4B");      // preprocessor_config.json or processor_config.json
//   PicturePlan plan = eyes.plan({1920, 1080});                // resized to {1920, 1088}: 2040 tokens of 2 × 2 patches
//   EyeInput input = eyes.prepare(read_image("screen.png"));   // input.values: [plan.patches(), input.width]
//
// Opening throws ModelFileError, naming the file, the key, what was expected and what was got. plan and prepare throw
// ImageError for pictures that the model's processor refuses too (empty, too narrow) or that would become larger than
// 128 Mi values or 1024 tiles.

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/metadata.h"
#include "platform/image.h"
#include "vision/image_io.h"
#include "vision/preprocess/smart_resize.h"

namespace deskhand {

struct PictureFamily;

/// clip.projector_type, or clip.vision.projector_type of files that also hear; LLaVA's first files have neither.
std::string_view projector_type(const Metadata& keys);

/// Which of these count depends on the family.
struct PictureSettings {
  int patch = 14;          ///< side of a patch
  int merge = 2;           ///< merge × merge patches become a token
  int frames = 1;          ///< how often a still picture repeats in a patch
  int64_t min_pixels = 0;  ///< Qwen: the area after resizing
  int64_t max_pixels = 0;
  int tile = 0;           ///< side of the square that the eyes see at once
  int longest_side = 0;   ///< Idefics 3: of the picture before it is cut into tiles
  int shortest_side = 0;  ///< LLaVA: of the picture before its middle is cut out
  int most_tiles = 1;     ///< Llama 3.2
  int most_tokens = 0;    ///< Gemma 4
  bool splits = false;    ///< Idefics 3: into tiles
  ResizeFilter filter = ResizeFilter::bicubic;
  double scale = 1.0 / 255;  ///< of a byte
  bool normalises = true;
  std::array<double, 3> mean{0.5, 0.5, 0.5}, deviation{0.5, 0.5, 0.5};
};

/// What becomes of a picture of some size.
struct PicturePlan {
  PictureSize resized;                  ///< the whole picture; coordinates of some models refer to it
  int tiles = 1;                        ///< pieces that the eyes see one by one
  int tile_rows = 0, tile_columns = 0;  ///< how they lie (0: not cut); a last tile more is the whole picture
  int rows = 0, columns = 0;            ///< patches of a tile
  int64_t tokens = 0;                   ///< ids that stand for the picture in a prompt

  int64_t patches() const { return int64_t{tiles} * rows * columns; }
};

struct EyeInput {
  PicturePlan plan;
  int64_t width = 0;          ///< values of a patch
  std::vector<float> values;  ///< [patches, width]; the order of both is the family's
};

class Preprocessor {
 public:
  /// From a Hugging Face directory.
  static Preprocessor open(const std::filesystem::path& directory);
  /// From the keys of a projector file (mmproj.gguf); what they leave open has the value of the published models.
  static Preprocessor of_projector(const Metadata& keys, const std::string& what);
  /// Throws ModelFileError for settings out of their ranges; `what` names their source.
  Preprocessor(const PictureFamily& family, const PictureSettings& settings, const std::string& what);

  PicturePlan plan(PictureSize picture) const;
  EyeInput prepare(const Image& picture) const;

  const PictureFamily& family() const { return *family_; }
  const PictureSettings& settings() const { return settings_; }

 private:
  const PictureFamily* family_;
  PictureSettings settings_;
};

}  // namespace deskhand
