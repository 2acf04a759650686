#pragma once
// Vision encoders: from a picture to rows of a language model's width.
//
//   std::unique_ptr<ImageEncoder> eyes = open_encoder("mmproj.gguf", *backend, 2048);
//   ImageLayout layout = eyes->layout(1920, 1080);        // how many rows, and how they stand in the prompt
//   ImageFeatures features = eyes->encode(image, stop);
//
// One file in vision/encoders/ is one encoder; a build step gathers them. Weights come from a GGUF file of projector
// type ("mmproj") or from the directory of the Hugging Face checkpoint. Errors: ModelFileError for files; ImageError
// for a picture that the encoder's rules refuse.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/decoder.h"
#include "core/hugging_face/json_fields.h"
#include "core/hugging_face/key_writer.h"
#include "core/prompt_images.h"
#include "core/weights.h"
#include "kernels/backend.h"
#include "platform/image.h"
#include "vision/preprocess/preprocessor.h"

namespace deskhand {

/// How a picture stands in a prompt.
struct ImageLayout {
  /// Either text or rows of the encoder.
  struct Piece {
    std::string text{};
    int64_t rows = 0;
    int64_t height = 0, width = 0;  ///< grid of the rows where they turn by it
    int64_t shown_tiles = 0;        ///< of a picture that is attended to: then its one row is the placeholder's token
  };
  std::vector<Piece> pieces{};
  int64_t rows = 0;  ///< of all pieces
  int frame_width = 0,
      frame_height = 0;  ///< of the picture as the encoder sees it: points that a model names lie in it
};

class ImageEncoder {
 public:
  virtual ~ImageEncoder() = default;
  /// What the model's chat template writes for a picture.
  virtual std::string_view placeholder() const = 0;
  /// Of a picture of this size. Throws ImageError for one that cannot be seen.
  virtual ImageLayout layout(int width, int height) const = 0;
  /// layout().rows rows, or those that are attended to. Without rows when `stop` came first.
  virtual ImageFeatures encode(const Image& image, std::stop_token stop) = 0;
  virtual RowSees rows_see() const { return RowSees::past; }
  /// The most rows that must be fed together because they see each other.
  virtual int64_t rows_together() const { return 0; }
};

/// What an encoder loads from. All of it must outlive the encoder.
struct EncoderContext {
  std::shared_ptr<const ModelFile> file;
  Preprocessor preprocessor;
  Backend& backend;
  int64_t text_width = 0;  ///< of the language model: the rows must have it
};

/// How Hugging Face checkpoints with this encoder are spelled.
struct EncoderNames {
  std::span<const std::string_view> model_types;  ///< of config.json
  std::span<const std::string_view> prefixes;     ///< of the encoder's tensors
  std::span<const TensorAlias> tensors;
  std::string_view defaults;  ///< vision_config may leave these out; its hidden_act must be theirs
  /// Writes the keys of GGUF ("clip.vision.…") from config.json.
  void (*write_keys)(const JsonFields& config, KeyWriter& writer) = nullptr;
};

struct Encoder {
  std::string_view projector;  ///< clip.projector_type; empty: no GGUF file holds it
  std::unique_ptr<ImageEncoder> (*load)(const EncoderContext& context);
  EncoderNames hugging_face{};
  std::span<const std::string_view> families{};  ///< of the language models that it is made for; empty: of any
};

/// All encoders, by file name.
std::span<const Encoder* const> encoders();

/// What a projector file's keys ("clip.vision.…") would say of a config.json. Throws ModelFileError.
MetadataStore encoder_keys(const Encoder& encoder, const nlohmann::json& config, const std::string& what);

/// The eyes in a file; null for a directory whose model has none. `preprocessor`: what prepares pictures, in place of
/// what the file says of it; null: the file's.
std::unique_ptr<ImageEncoder> open_encoder(const std::filesystem::path& path, Backend& backend, int64_t text_width,
                                           const Preprocessor* preprocessor = nullptr);

}  // namespace deskhand
