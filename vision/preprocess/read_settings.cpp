#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/strict_json.h"
#include "vision/preprocess/picture_family.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;

constexpr size_t most_bytes = size_t{1} << 20;

bool among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string known(std::span<const std::string_view> PictureFamily::*names) {
  std::vector<std::string_view> all;
  for (const PictureFamily* family : picture_families()) {
    all.insert(all.end(), (family->*names).begin(), (family->*names).end());
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

const PictureFamily& family_of(std::span<const std::string_view> PictureFamily::*names, std::string_view name,
                               std::string_view key, const std::string& what) {
  for (const PictureFamily* family : picture_families()) {
    if (among(family->*names, name)) return *family;
  }
  throw ModelFileError(fmt::format("{}: '{}' must be one of {}, got '{}'", what, key, known(names), one_line(name)));
}

/// "Qwen2VLImageProcessorFast" and "…Pil" are the same processor, written for another library.
std::string_view plain_name(std::string_view type) {
  for (const std::string_view ending : {"Fast", "Pil"}) {
    if (type.ends_with(ending)) type.remove_suffix(ending.size());
  }
  return type;
}

std::array<double, 3> three_numbers(const JsonFields& fields, const char* key, std::array<double, 3> fallback) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return fallback;
  const auto finite = [](const nlohmann::json& v) { return v.is_number() && std::abs(v.get<double>()) <= 1000; };
  if (finite(*value)) {
    fallback.fill(value->get<double>());
    return fallback;
  }
  if (!value->is_array() || value->size() != 3 || !std::all_of(value->begin(), value->end(), finite)) {
    fields.fail(fmt::format("'{}' must be three numbers within ±1000", key));
  }
  for (size_t i = 0; i < 3; ++i) fallback[i] = (*value)[i].get<double>();
  return fallback;
}

/// Pillow's numbers.
ResizeFilter filter_of(const JsonFields& fields, ResizeFilter fallback) {
  const auto number = fields.integer_if("resample");
  if (!number) return fallback;
  if (*number == 1) return ResizeFilter::lanczos;
  if (*number == 2) return ResizeFilter::bilinear;
  if (*number == 3) return ResizeFilter::bicubic;
  fields.fail(fmt::format("'resample' must be 1 (Lanczos), 2 (bilinear) or 3 (bicubic), got {}", *number));
}

void read_levels(const JsonFields& fields, PictureSettings& settings) {
  for (const char* key : {"do_resize", "do_rescale"}) {
    if (!fields.boolean_if(key).value_or(true)) fields.fail(fmt::format("'{}' must be true", key));
  }
  settings.scale = fields.number_if("rescale_factor").value_or(settings.scale);
  if (!(settings.scale > 0 && settings.scale <= 1)) {
    fields.fail(fmt::format("'rescale_factor' must lie in (0, 1], got {}", settings.scale));
  }
  settings.normalises = fields.boolean_if("do_normalize").value_or(settings.normalises);
  settings.mean = three_numbers(fields, "image_mean", settings.mean);
  settings.deviation = three_numbers(fields, "image_std", settings.deviation);
  if (*std::min_element(settings.deviation.begin(), settings.deviation.end()) < 1e-6) {
    fields.fail("'image_std' must be positive");
  }
}

/// The patch of the eyes' configuration; a processor that names one too must agree.
void read_patch(const JsonFields& processor, const JsonFields& model, PictureSettings& settings) {
  const auto eyes = model.object("vision_config");
  if (!eyes || !eyes->has("patch_size")) return;
  settings.patch = integer_within(*eyes, "patch_size", settings.patch, 1, most_patch);
  const auto named = processor.integer_if("patch_size");
  if (named && *named != settings.patch && !processor.has("crop_size")) {
    processor.fail(fmt::format("'patch_size' must be {} as in the vision_config, got {}", settings.patch, *named));
  }
}

struct ProcessorFile {
  fs::path path;
  nlohmann::json json;
};

ProcessorFile processor_file(const fs::path& directory) {
  const fs::path nested = directory / "processor_config.json", own = directory / "preprocessor_config.json";
  if (fs::exists(nested)) {
    nlohmann::json json = read_json_file(nested, most_bytes);
    if (json.is_object() && json.contains("image_processor")) return {nested, json["image_processor"]};
  }
  return {own, read_json_file(own, most_bytes)};
}

}  // namespace

int integer_within(const JsonFields& fields, const char* key, int fallback, int least, int most) {
  const int64_t value = fields.integer_if(key).value_or(fallback);
  if (value < least || value > most) {
    fields.fail(fmt::format("'{}' must lie in {}…{}, got {}", key, least, most, value));
  }
  return static_cast<int>(value);
}

int integer_within(const Metadata& keys, std::string_view key, int64_t fallback, int least, int most) {
  const int64_t value = keys.integer_or(key, fallback);
  if (value < least || value > most) {
    throw ModelFileError(fmt::format("key '{}' must lie in {}…{}, got {}", key, least, most, value));
  }
  return static_cast<int>(value);
}

int square_side(const JsonFields& fields, const char* key, int fallback) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return fallback;
  if (value->is_number()) return integer_within(fields, key, fallback, 1, most_square);
  const JsonFields sides(*value, fmt::format("{}: {}", fields.what(), key));
  if (!sides.has("height") && !sides.has("width")) {
    const char* edge = sides.has("shortest_edge") ? "shortest_edge" : "longest_edge";
    return integer_within(sides, edge, fallback, 1, most_square);
  }
  const int height = integer_within(sides, "height", 0, 1, most_square);
  const int width = integer_within(sides, "width", 0, 1, most_square);
  if (height != width) sides.fail(fmt::format("'height' and 'width' must be the same, got {} and {}", height, width));
  return height;
}

std::string_view projector_type(const Metadata& keys) {
  return keys.text_or("clip.projector_type", keys.text_or("clip.vision.projector_type", "mlp"));
}

Preprocessor Preprocessor::open(const fs::path& directory) {
  const fs::path config = directory / "config.json";
  const nlohmann::json model_json = read_json_file(config, size_t{16} << 20);
  const ProcessorFile file = processor_file(directory);
  const JsonFields model(model_json, config.string()), processor(file.json, file.path.string());
  const auto type = processor.text_if("image_processor_type");
  const PictureFamily& family =
      type ? family_of(&PictureFamily::processors, plain_name(*type), "image_processor_type", processor.what())
           : family_of(&PictureFamily::model_types, model.text_of({"model_type"}, ""), "model_type", model.what());
  PictureSettings settings = family.defaults;
  settings.filter = filter_of(processor, settings.filter);
  read_levels(processor, settings);
  read_patch(processor, model, settings);
  family.read(processor, model, settings);
  return {family, settings, processor.what()};
}

Preprocessor Preprocessor::of_projector(const Metadata& keys, const std::string& what) {
  const PictureFamily& family =
      family_of(&PictureFamily::projectors, projector_type(keys), "clip.projector_type", what);
  PictureSettings settings = family.defaults;
  settings.patch = integer_within(keys, "clip.vision.patch_size", settings.patch, 1, most_patch);
  const auto three = [&](const char* name, std::array<double, 3>& out) {
    if (!keys.has(name)) return;
    const std::vector<float> values = keys.array(name).as_floats();
    const auto fits = [](float v) { return std::abs(v) <= 1000; };
    if (values.size() != 3 || !std::all_of(values.begin(), values.end(), fits)) {
      throw ModelFileError(fmt::format("{}: '{}' must be three numbers within ±1000", what, name));
    }
    std::copy(values.begin(), values.end(), out.begin());
  };
  three("clip.vision.image_mean", settings.mean);
  three("clip.vision.image_std", settings.deviation);
  if (*std::min_element(settings.deviation.begin(), settings.deviation.end()) < 1e-6) {
    throw ModelFileError(fmt::format("{}: 'clip.vision.image_std' must be positive", what));
  }
  family.read_keys(keys, settings);
  return {family, settings, what};
}

}  // namespace deskhand
