#include "apps/cli/seeing_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "vision/image_io.h"

namespace deskhand {

namespace fs = std::filesystem;

fs::path find_eyes(const fs::path& model, const std::string& named) {
  if (!named.empty()) return named;
  std::error_code ignored;
  if (fs::is_directory(model, ignored)) return model;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(model.has_parent_path() ? model.parent_path() : ".", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("mmproj") && name.ends_with(".gguf")) found.push_back(entry.path());
  }
  if (found.size() > 1) {
    std::sort(found.begin(), found.end());
    throw UsageError(fmt::format("there are {} files of eyes beside the model ({}, {}…): name one with --mmproj",
                                 found.size(), found[0].filename().string(), found[1].filename().string()));
  }
  return found.empty() ? fs::path() : found[0];
}

SeeingModel open_seeing_model(const ModelOptions& options, CommandContext& context) {
  const fs::path model = resolve_model(options.model), file = find_eyes(model, options.mmproj);
  SeeingModel out;
  EngineOptions settings = engine_options(options);
  std::unique_ptr<ImageEncoder> encoder;
  if (!file.empty()) {
    out.backend = make_cpu_backend({.threads = options.threads, .exact = options.exact});
    encoder = open_encoder(file, *out.backend, Engine::describe(model, settings).width);
    if (encoder) settings.prefill_chunk = std::max(settings.prefill_chunk, encoder->rows_together());
  }
  out.engine = open_engine(model, settings, context);
  if (encoder) out.eyes = std::make_unique<Multimodal>(out.engine->tokenizer(), std::move(encoder));
  return out;
}

UsageError no_eyes(const ModelInfo& model, std::string_view option) {
  return UsageError(
      fmt::format("{}: {} has no eyes: name their file with --mmproj, or use --screen, which tells the model what the "
                  "screen reader finds, or `deskhand see IMAGE`",
                  option, model.path.string()));
}

std::vector<std::shared_ptr<const Image>> read_images(const std::vector<std::string>& paths, const ImageEncoder& eyes) {
  std::vector<std::shared_ptr<const Image>> images;
  for (const std::string& path : paths) {
    images.push_back(std::make_shared<Image>(read_image(path)));
    try {
      (void)eyes.layout(images.back()->width, images.back()->height);
    } catch (const ImageError& error) {
      throw ImageError(fmt::format("{}: {}", path, error.what()));
    }
  }
  return images;
}

}  // namespace deskhand
