// deskhand models info MODEL: what is in a model, and what it takes.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "agent/dialect.h"
#include "agent/prompt/model_name.h"
#include "apps/cli/model_options.h"
#include "apps/cli/numbers.h"
#include "apps/cli/seeing_model.h"
#include "apps/cli/sizes.h"
#include "apps/models/subcommands.h"
#include "core/engine.h"
#include "core/hub/listing.h"
#include "core/memory_plan.h"
#include "core/readable_bytes.h"
#include "vision/eyes_file.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  Extent image{1920, 1080};
  bool json = false;
};

struct SeenEyes {
  EyesSummary summary;
  PictureCost picture, largest;
};

struct Facts {
  ModelInfo info;
  MemoryPlan memory;
  std::optional<SeenEyes> eyes;
  std::string no_eyes;  ///< why there are none
  const Dialect* dialect = nullptr;
  size_t free = 0;

  size_t eyes_bytes() const { return eyes ? eyes->summary.weight_bytes + eyes->picture.peak_bytes : 0; }
  size_t total() const { return memory.weights + memory.keys_and_values + eyes_bytes(); }
  bool fits() const { return memory.fitting >= memory.context; }
};

std::string why(const Dialect& dialect, const ModelInfo& info) {
  const int fit = dialect.matches(info);
  if (fit >= fits_name) return "by the model's name";
  return fit >= fits_family ? "by its family" : "which any model can speak";
}

ordered_json size_json(const PictureSize& size) {
  return {size.width, size.height};
}

ordered_json picture_json(const PictureCost& cost) {
  return {{"size", size_json(cost.picture)}, {"frame", size_json(cost.frame)}, {"patches", cost.patches},
          {"tokens", cost.tokens},           {"peak_bytes", cost.peak_bytes},  {"flops", cost.flops}};
}

ordered_json eyes_json(const Facts& facts) {
  if (!facts.eyes) return nullptr;
  const EyesSummary& eyes = facts.eyes->summary;
  return {{"path", eyes.path.string()},
          {"encoder", eyes.encoder},
          {"parameters", eyes.parameters},
          {"types", eyes.types},
          {"layers", eyes.layers},
          {"width", eyes.width},
          {"weight_bytes", eyes.weight_bytes},
          {"image", picture_json(facts.eyes->picture)},
          {"largest", picture_json(facts.eyes->largest)}};
}

ordered_json info_json(const Facts& facts) {
  const ModelInfo& info = facts.info;
  return {{"path", info.path.string()},
          {"name", info.name},
          {"family", info.architecture},
          {"license", info.license},
          {"types", info.types},
          {"parameters", info.parameters},
          {"saved_parameters", info.saved_parameters},
          {"layers", info.layers},
          {"width", info.width},
          {"heads", info.heads},
          {"kv_heads", info.kv_heads},
          {"head_dim", info.head_dim},
          {"vocabulary", info.vocabulary},
          {"trained_context", info.trained_context},
          {"context", facts.memory.fitting},
          {"fits", facts.fits()},
          {"weight_bytes", info.weight_bytes},
          {"kv_bytes_per_token", info.kv_bytes_per_token},
          {"state_bytes", info.state_bytes},
          {"chat_template", info.has_chat_template},
          {"dialect", {{"name", facts.dialect->name}, {"chosen", why(*facts.dialect, info)}}},
          {"memory",
           {{"context", facts.memory.context},
            {"weights", facts.memory.weights},
            {"keys_and_values", facts.memory.keys_and_values},
            {"eyes", facts.eyes ? facts.eyes->summary.weight_bytes : 0},
            {"picture", facts.eyes ? facts.eyes->picture.peak_bytes : 0},
            {"total", facts.total()},
            {"free", facts.free}}},
          {"eyes", eyes_json(facts)}};
}

class Lines {
 public:
  explicit Lines(std::ostream& out) : out_(out) {}
  void operator()(std::string_view name, const std::string& value) { out_ << fmt::format("{:<14}{}\n", name, value); }

 private:
  std::ostream& out_;
};

std::string readable(size_t bytes) {
  return readable_bytes(uint64_t{bytes});
}

std::string picture_words(const PictureCost& cost) {
  return fmt::format("{}×{} is seen as {}×{}, {} patches, {} tokens", cost.picture.width, cost.picture.height,
                     cost.frame.width, cost.frame.height, cost.patches, cost.tokens);
}

void print_eyes(Lines& line, const Facts& facts) {
  if (!facts.eyes) return line("eyes", facts.no_eyes);
  const EyesSummary& eyes = facts.eyes->summary;
  line("eyes", fmt::format("{}, {:.1f} M parameters, {} layers × {}, in {}", eyes.encoder,
                           static_cast<double>(eyes.parameters) / 1e6, eyes.layers, eyes.width, eyes.path.string()));
  line("eyes' tensors", eyes.types);
  line("a picture", picture_words(facts.eyes->picture));
  line("the largest", picture_words(facts.eyes->largest));
}

void print_memory(Lines& line, const Facts& facts) {
  const MemoryPlan& memory = facts.memory;
  line("context", memory.fitting > 0 ? fmt::format("{} here, trained with {}", memory.fitting, memory.trained)
                                     : fmt::format("none here: it does not fit into the {} of memory that are free; "
                                                   "trained with {}",
                                                   readable(facts.free), memory.trained));
  line("memory", fmt::format("{} of weights, {} of keys and values at {} tokens ({:.1f} kB each)",
                             readable(memory.weights), readable(memory.keys_and_values), memory.context,
                             static_cast<double>(facts.info.kv_bytes_per_token) / 1000.0));
  if (facts.eyes) {
    const PictureSize& size = facts.eyes->picture.picture;
    line("", fmt::format("{} of the eyes' weights, {} while a picture of {}×{} is encoded, at most",
                         readable(facts.eyes->summary.weight_bytes), readable(facts.eyes->picture.peak_bytes),
                         size.width, size.height));
  }
  line("", fmt::format("{} in all, {} are free", readable(facts.total()), readable(facts.free)));
  if (facts.info.state_bytes > 0)
    line("state", readable(facts.info.state_bytes) + " for each sequence, whatever its length");
}

void print_info(std::ostream& out, const Facts& facts) {
  const ModelInfo& info = facts.info;
  Lines line(out);
  line("file", info.path.string());
  line("name", info.name.empty() ? "(none)" : info.name);
  line("family", info.architecture);
  line("licence", info.license.empty() ? "(not said)" : info.license);
  line("parameters", fmt::format("{:.1f} M", static_cast<double>(info.parameters) / 1e6));
  if (info.saved_parameters > 0) {
    const auto all = static_cast<double>(info.parameters + info.saved_parameters);
    line("sharing", fmt::format("{:.1f} % of the parameters that it would have if no layers shared a network",
                                100.0 * static_cast<double>(info.parameters) / all));
  }
  line("tensors", info.types);
  line("shape", fmt::format("{} layers × {}, {} heads of {}, {} for keys and values, {} tokens of vocabulary",
                            info.layers, info.width, info.heads, info.head_dim, info.kv_heads, info.vocabulary));
  print_eyes(line, facts);
  print_memory(line, facts);
  line("chat template", info.has_chat_template ? "yes" : "no: `ask` continues raw text, `chat` and `do` refuse");
  line("dialect", fmt::format("{}, {}", facts.dialect->name, why(*facts.dialect, info)));
}

/// What the model card in a folder of weights, or beside a file, says.
std::string license_beside(const std::filesystem::path& model) {
  return license_of_card((std::filesystem::is_directory(model) ? model : model.parent_path()) / "README.md");
}

/// The eyes of the model; `facts.no_eyes` says why there are none.
std::optional<EyesFile> eyes_for(const Options& options, Facts& facts) {
  facts.no_eyes = "none: text only; the screen reader tells it what is on the screen";
  try {
    FoundEyes found = eyes_of(facts.info, options.model.mmproj, false);
    if (!found.foreign.empty()) facts.no_eyes = "none: beside it lies " + found.foreign;
    return std::move(found.file);
  } catch (const UsageError& several) {
    facts.no_eyes = fmt::format("not said: {}", several.what());
    return std::nullopt;
  }
}

Facts gather(const Options& options) {
  Facts facts;
  const std::filesystem::path model = resolve_model(options.model.model);
  const EngineOptions settings = engine_options(options.model);
  facts.info = Engine::describe(model, settings);
  if (facts.info.license.empty()) facts.info.license = license_beside(facts.info.path);
  if (const std::optional<EyesFile> eyes = eyes_for(options, facts)) {
    facts.eyes = {.summary = eyes_summary(*eyes),
                  .picture = picture_cost(*eyes, {options.image.width, options.image.height}),
                  .largest = largest_picture_cost(*eyes)};
  }
  facts.memory = plan_memory(model, settings, facts.eyes_bytes());
  facts.dialect = &choose_dialect(facts.info, facts.eyes.has_value());
  facts.free = available_memory();
  return facts;
}

}  // namespace

RunCommand define_models_info(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model.model,
                 "a .gguf file, a directory of safetensors or hf:org/name of the cache (default: $DESKHAND_MODEL, then "
                 "\"model\" of the config file)")
      ->type_name("FILE");
  add_mmproj_option(app, options->model);
  whole_number(
      app.add_option("-c,--context", options->model.context,
                     "tokens of context to state the memory for (default: what the model was trained for, if it fits)"),
      0);
  size_option(app, "--image", options->image,
              "the size of a picture to state tokens and memory for (default: 1920x1080)");
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  app.footer(
      "Examples:\n  deskhand models info qwen.gguf\n  deskhand models info qwen.gguf -c 4096 --json\n"
      "  deskhand models info qwen.gguf --mmproj mmproj.gguf --image 2560x1440\n"
      "  deskhand models info hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M");
  return [options](CommandContext& context) {
    const Facts facts = gather(*options);
    if (options->json) {
      context.out << info_json(facts).dump(-1, ' ', false, ordered_json::error_handler_t::replace) << "\n";
    } else {
      print_info(context.out, facts);
    }
    return ExitStatus::done;
  };
}

}  // namespace deskhand
