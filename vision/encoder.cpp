#include "vision/encoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/hugging_face/part.h"
#include "core/strict_json.h"

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

std::unique_ptr<ImageEncoder> open_directory(const std::filesystem::path& path, Backend& backend, int64_t text_width,
                                             const Preprocessor* preprocessor) {
  const std::filesystem::path file = path / "config.json";
  const nlohmann::json json = read_json_file(file, most_config_bytes);
  const JsonFields config(json, file.string());
  if (!config.has("vision_config")) return nullptr;
  const std::string type = config.text_of({"model_type"}, "");
  for (const Encoder* encoder : encoders()) {
    const EncoderNames& names = encoder->hugging_face;
    if (std::find(names.model_types.begin(), names.model_types.end(), type) == names.model_types.end()) continue;
    auto part = open_part(path, {.prefixes = names.prefixes, .tensors = names.tensors},
                          encoder_keys(*encoder, json, file.string()));
    return encoder->load({.file = std::move(part),
                          .preprocessor = preprocessor != nullptr ? *preprocessor : Preprocessor::open(path),
                          .backend = backend,
                          .text_width = text_width});
  }
  config.fail(fmt::format(
      "the eyes of model_type '{}' are not known here, only those of {}", one_line(type),
      listed([](const Encoder& e) { return fmt::format("{}", fmt::join(e.hugging_face.model_types, ", ")); })));
}

std::unique_ptr<ImageEncoder> open_projector(const std::filesystem::path& path, Backend& backend, int64_t text_width,
                                             const Preprocessor* preprocessor) {
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
    Preprocessor own = preprocessor != nullptr ? *preprocessor : Preprocessor::of_projector(metadata, path.string());
    return encoder->load(
        {.file = std::move(file), .preprocessor = std::move(own), .backend = backend, .text_width = text_width});
  }
  throw ModelFileError(fmt::format("{}: clip.projector_type is '{}', expected one of: {}", path.string(),
                                   one_line(type), listed([](const Encoder& e) { return e.projector; })));
}

}  // namespace

MetadataStore encoder_keys(const Encoder& encoder, const nlohmann::json& config, const std::string& what) {
  nlohmann::json eyes = nlohmann::json::parse(encoder.hugging_face.defaults);
  const std::string expected = eyes.value("hidden_act", "");
  const auto written = JsonFields(config, what).object("vision_config");
  if (!written) throw ModelFileError(fmt::format("{}: 'vision_config' is missing", what));
  const std::string activation = written->text_of({"hidden_activation", "hidden_act"}, expected);
  if (activation != expected) {
    written->fail(fmt::format("the activation is '{}', expected '{}'", one_line(activation), expected));
  }
  written->write_to(eyes);
  nlohmann::json complete = config;
  complete["vision_config"] = std::move(eyes);
  MetadataStore metadata;
  KeyWriter writer(metadata, "clip.vision");
  encoder.hugging_face.write_keys(JsonFields(complete, what), writer);
  return metadata;
}

std::unique_ptr<ImageEncoder> open_encoder(const std::filesystem::path& path, Backend& backend, int64_t text_width,
                                           const Preprocessor* preprocessor) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? open_directory(path, backend, text_width, preprocessor)
                                                      : open_projector(path, backend, text_width, preprocessor);
}

}  // namespace deskhand
