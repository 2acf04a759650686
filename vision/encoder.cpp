#include "vision/encoder.h"

#include <fmt/format.h>

#include "vision/eyes_file.h"

namespace deskhand {

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
  const std::optional<EyesFile> eyes = open_eyes_file(path, preprocessor);
  return eyes ? eyes->load(backend, text_width) : nullptr;
}

}  // namespace deskhand
