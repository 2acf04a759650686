#include "vision/eyes_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/hugging_face/part.h"
#include "core/model_summary.h"
#include "core/strict_json.h"
#include "vision/encoder.h"
#include "vision/qwen_grid.h"

namespace deskhand {
namespace {

constexpr size_t most_config_bytes = size_t{16} << 20;

template <class Known>
std::string listed(const Known& known) {
  std::string names;
  for (const Encoder* encoder : encoders()) {
    const std::string name(known(*encoder));
    names += fmt::format("{}{}", names.empty() || name.empty() ? "" : ", ", name);
  }
  return names;
}

std::optional<EyesFile> open_directory(const std::filesystem::path& path, const Preprocessor* preprocessor) {
  const std::filesystem::path file = path / "config.json";
  const nlohmann::json json = read_json_file(file, most_config_bytes);
  const JsonFields config(json, file.string());
  if (!config.has("vision_config")) return std::nullopt;
  const std::string type = config.text_of({"model_type"}, "");
  for (const Encoder* encoder : encoders()) {
    const EncoderNames& names = encoder->hugging_face;
    if (std::find(names.model_types.begin(), names.model_types.end(), type) == names.model_types.end()) continue;
    auto part = open_part(path, {.prefixes = names.prefixes, .tensors = names.tensors},
                          encoder_keys(*encoder, json, file.string()));
    return EyesFile{.encoder = encoder,
                    .file = std::move(part),
                    .preprocessor = one_frame(preprocessor ? *preprocessor : Preprocessor::open(path))};
  }
  config.fail(fmt::format(
      "the eyes of model_type '{}' are not known here, only those of {}", one_line(type),
      listed([](const Encoder& e) { return fmt::format("{}", fmt::join(e.hugging_face.model_types, ", ")); })));
}

EyesFile open_projector(const std::filesystem::path& path, const Preprocessor* preprocessor) {
  auto file = ModelFile::open(path);
  const Metadata& metadata = file->metadata();
  const std::string_view architecture = metadata.text("general.architecture");
  if (architecture != "clip") {
    throw ModelFileError(fmt::format("{}: holds no eyes: general.architecture is '{}', expected 'clip'", path.string(),
                                     one_line(architecture)));
  }
  const std::string_view type = projector_type(metadata);
  for (const Encoder* encoder : encoders()) {
    if (encoder->projector.empty() || encoder->projector != type) continue;
    Preprocessor own = preprocessor ? *preprocessor : Preprocessor::of_projector(metadata, path.string());
    return {.encoder = encoder, .file = std::move(file), .preprocessor = one_frame(own)};
  }
  throw ModelFileError(fmt::format("{}: clip.projector_type is '{}', expected one of: {}", path.string(),
                                   one_line(type), listed([](const Encoder& e) { return e.projector; })));
}

/// Whether one of the products behind the tower makes rows of this width; which one is the encoder's business.
bool makes_rows_of(const EyesFile& eyes, int64_t width) {
  const std::span<const TensorInfo> tensors = eyes.file->tensors();
  return std::any_of(tensors.begin(), tensors.end(), [&](const TensorInfo& tensor) {
    const bool projects = tensor.name.starts_with("mm.") && tensor.dimensions >= 2;
    return projects && (tensor.view().rows == width || tensor.view().cols == width);
  });
}

/// Rows that are added behind the first layers of the language model.
bool has_deep_rows(const EyesFile& eyes) {
  const std::span<const TensorInfo> tensors = eyes.file->tensors();
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const TensorInfo& tensor) { return tensor.name.starts_with("v.deepstack."); });
}

}  // namespace

std::unique_ptr<ImageEncoder> EyesFile::load(Backend& backend, int64_t text_width) const {
  return encoder->load({.file = file, .preprocessor = preprocessor, .backend = backend, .text_width = text_width});
}

std::optional<EyesFile> open_eyes_file(const std::filesystem::path& path, const Preprocessor* preprocessor) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return open_directory(path, preprocessor);
  return open_projector(path, preprocessor);
}

void expect_eyes_of(const ModelInfo& model, const EyesFile& eyes) {
  const std::span<const std::string_view> made_for = eyes.encoder->families;
  if (!made_for.empty() && std::find(made_for.begin(), made_for.end(), model.architecture) == made_for.end()) {
    throw ModelFileError(
        fmt::format("{}: the eyes are of another model: '{}' is made for {}, and {} is of the family {}",
                    eyes.file->path().string(), eyes.encoder->projector, fmt::join(made_for, ", "), model.path.string(),
                    model.architecture));
  }
  const bool deep = has_deep_rows(eyes), takes_deep = model.architecture == "qwen3vl";
  if (deep != takes_deep) {
    throw ModelFileError(
        fmt::format("{}: the eyes are of another model: they have {} for the first layers, and {} is of the "
                    "family {}",
                    eyes.file->path().string(), deep ? "rows" : "no rows", model.path.string(), model.architecture));
  }
  if (!makes_rows_of(eyes, model.width)) {
    throw ModelFileError(fmt::format("{}: the eyes are of another model: they make no rows of {} values, as {} has",
                                     eyes.file->path().string(), model.width, model.path.string()));
  }
}

}  // namespace deskhand
