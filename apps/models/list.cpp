// deskhand models list: the models that are on this machine.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/cli/printable.h"
#include "apps/cli/progress.h"
#include "apps/cli/user_files.h"
#include "apps/models/subcommands.h"
#include "core/hub/listing.h"
#include "core/model_file.h"
#include "core/model_summary.h"
#include "core/readable_bytes.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;

struct Listed {
  std::string model;  ///< what -m takes
  std::string name = {}, family = {}, types = {}, license = {}, trouble = {};
  fs::path path = {};
  uint64_t bytes = 0;
};

Listed look_into(std::string model, const fs::path& path, uint64_t bytes, std::string license) {
  Listed out{.model = std::move(model), .license = std::move(license), .path = path, .bytes = bytes};
  try {
    const auto file = ModelFile::open(path);
    const Metadata& metadata = file->metadata();
    out.name = one_line(metadata.text_or("general.name", ""));
    out.family = one_line(metadata.text_or("general.architecture", ""));
    if (out.license.empty()) out.license = one_line(metadata.text_or("general.license", ""));
    out.types = describe_types(*file);
  } catch (const ModelFileError& error) {
    out.trouble = error.what();
  }
  return out;
}

/// Files that scripts/models or the user put into deskhand's own folder of the cache.
std::vector<Listed> own_models() {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(cache_folder() / "models", error)) {
    if (entry.path().extension() == ".gguf" && entry.is_regular_file(error)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Listed> out;
  for (const fs::path& path : paths) out.push_back(look_into(path.string(), path, fs::file_size(path, error), ""));
  return out;
}

nlohmann::ordered_json as_json(const Listed& model) {
  nlohmann::ordered_json out = {{"model", model.model},       {"name", model.name},   {"family", model.family},
                                {"types", model.types},       {"bytes", model.bytes}, {"license", model.license},
                                {"path", model.path.string()}};
  if (!model.trouble.empty()) out["error"] = model.trouble;
  return out;
}

std::string as_text(const Listed& model) {
  const std::string what =
      model.trouble.empty()
          ? fmt::format("{}; {}; {}", model.name.empty() ? "no name" : model.name, model.family, model.types)
          : "cannot be opened: " + model.trouble;
  return fmt::format("{}\n    {}; licence {}; {}\n", model.model, readable_bytes(model.bytes),
                     model.license.empty() ? "not said" : model.license, what);
}

}  // namespace

RunCommand define_models_list(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "the result as JSON, for machines");
  app.footer("Examples:\n  deskhand models list\n  deskhand models list --json");
  return [json](CommandContext& context) {
    std::vector<Listed> models;
    for (const CachedModel& model : cached_models(HubCache::of_user())) {
      models.push_back(look_into(model.reference, model.path, model.bytes, model.license));
    }
    for (Listed& model : own_models()) models.push_back(std::move(model));
    if (*json) {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const Listed& model : models) list.push_back(as_json(model));
      context.out << list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
      return ExitStatus::done;
    }
    for (const Listed& model : models) context.out << printable(as_text(model), true);
    if (models.empty()) {
      context.err << fmt::format("no models in {} and {}; deskhand models pull hf:org/name gets one\n",
                                 HubCache::of_user().folder().string(), (cache_folder() / "models").string());
    }
    return ExitStatus::done;
  };
}

}  // namespace deskhand
