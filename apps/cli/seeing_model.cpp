#include "apps/cli/seeing_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/cli/printable.h"
#include "core/memory.h"
#include "core/memory_plan.h"
#include "core/readable_bytes.h"
#include "vision/image_io.h"

namespace deskhand {

namespace fs = std::filesystem;

constexpr PictureSize largest_screen{3840, 2160};  // larger pictures are seen where memory allows

fs::path find_eyes(const fs::path& model, const std::string& named) {
  if (named == "none") return {};
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

FoundEyes eyes_of(const ModelInfo& model, const std::string& named, bool needed) {
  FoundEyes found;
  const fs::path path = find_eyes(model.path, named);
  if (!path.empty()) found.file = open_eyes_file(path);
  if (!found.file) return found;
  try {
    expect_eyes_of(model, *found.file);
  } catch (const ModelFileError& error) {
    if (needed || !named.empty()) throw;
    found = {.foreign = error.what()};
  }
  return found;
}

int64_t check_memory(const fs::path& model, const EyesFile& eyes, const EngineOptions& settings) {
  const size_t weights = eyes_summary(eyes).weight_bytes;
  const PictureCost picture = picture_cost(eyes, largest_screen);
  const MemoryPlan plan = plan_memory(model, settings, weights + picture.peak_bytes);
  if (plan.fitting >= plan.context) return plan.context < plan.trained ? plan.context : settings.context;
  throw NotEnoughMemory(fmt::format(
      "{}: {} of weights, {} for its eyes ({} of weights, {} to encode a picture of {}×{}) and {} for a context of {} "
      "tokens do not fit into the {} of memory that are free, of which an eighth is left alone; {}",
      model.string(), readable_bytes(uint64_t{plan.weights}), readable_bytes(uint64_t{weights + picture.peak_bytes}),
      readable_bytes(uint64_t{weights}), readable_bytes(uint64_t{picture.peak_bytes}), picture.frame.width,
      picture.frame.height, readable_bytes(uint64_t{plan.keys_and_values}), plan.context,
      readable_bytes(uint64_t{available_memory()}),
      plan.fitting > 0 ? fmt::format("at most {} tokens fit", plan.fitting) : std::string("no context fits")));
}

SeeingModel open_seeing_model(const ModelOptions& options, CommandContext& context, Sight sight) {
  const fs::path model = resolve_model(options.model);
  SeeingModel out;
  EngineOptions settings = engine_options(options);
  std::unique_ptr<ImageEncoder> encoder;
  const ModelInfo info = Engine::describe(model, settings);
  const FoundEyes eyes = eyes_of(info, options.mmproj, sight == Sight::needed);
  if (!eyes.foreign.empty()) context.err << fmt::format("warning: opened without eyes: {}\n", printable(eyes.foreign));
  if (eyes.file) {
    settings.context = check_memory(model, *eyes.file, settings);
    out.backend = make_cpu_backend({.threads = options.threads, .exact = options.exact});
    encoder = eyes.file->load(*out.backend, info.width);
    settings.prefill_chunk = std::max(settings.prefill_chunk, encoder->rows_together());
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
