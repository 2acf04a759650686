// deskhand models info MODEL: what is in a model.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/cli/model_options.h"
#include "apps/cli/numbers.h"
#include "apps/models/subcommands.h"
#include "core/engine.h"
#include "core/hub/listing.h"
#include "core/memory.h"
#include "core/readable_bytes.h"

namespace deskhand {
namespace {

struct Options {
  ModelOptions model;
  bool json = false;
};

nlohmann::ordered_json info_json(const ModelInfo& info) {
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
          {"context", info.context},
          {"fits", info.context > 0},
          {"weight_bytes", info.weight_bytes},
          {"kv_bytes_per_token", info.kv_bytes_per_token},
          {"state_bytes", info.state_bytes},
          {"chat_template", info.has_chat_template},
          {"eyes", nullptr}};
}

void print_info(std::ostream& out, const ModelInfo& info) {
  const auto line = [&](std::string_view name, const std::string& value) {
    out << fmt::format("{:<14}{}\n", name, value);
  };
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
  line("context", info.context > 0 ? fmt::format("{} here, trained with {}", info.context, info.trained_context)
                                   : fmt::format("none here: it does not fit into the {} of memory that are free; "
                                                 "trained with {}",
                                                 readable_bytes(uint64_t{available_memory()}), info.trained_context));
  const int64_t context = info.context > 0 ? info.context : info.trained_context;
  line("memory",
       fmt::format("{} of weights, {} of keys and values at {} tokens ({:.1f} kB each)",
                   readable_bytes(uint64_t{info.weight_bytes}),
                   readable_bytes(static_cast<double>(info.kv_bytes_per_token) * static_cast<double>(context)), context,
                   static_cast<double>(info.kv_bytes_per_token) / 1000.0));
  if (info.state_bytes > 0) {
    line("state", fmt::format("{} for each sequence, whatever its length", readable_bytes(uint64_t{info.state_bytes})));
  }
  line("chat template", info.has_chat_template ? "yes" : "no: `ask` continues raw text, `chat` and `do` refuse");
  line("eyes", "none: text only; the screen reader tells it what is on the screen");
}

/// What the model card in a folder of weights, or beside a file, says.
std::string license_beside(const std::filesystem::path& model) {
  return license_of_card((std::filesystem::is_directory(model) ? model : model.parent_path()) / "README.md");
}

}  // namespace

RunCommand define_models_info(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model.model,
                 "a .gguf file, a directory of safetensors or hf:org/name of the cache (default: $DESKHAND_MODEL, then "
                 "\"model\" of the config file)")
      ->type_name("FILE");
  whole_number(
      app.add_option("-c,--context", options->model.context,
                     "tokens of context to state the memory for (default: what the model was trained for, if it fits)"),
      0);
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  app.footer(
      "Examples:\n  deskhand models info qwen.gguf\n  deskhand models info qwen.gguf -c 4096 --json\n"
      "  deskhand models info hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M");
  return [options](CommandContext& context) {
    ModelInfo info = Engine::describe(resolve_model(options->model.model), engine_options(options->model));
    if (info.license.empty()) info.license = license_beside(info.path);
    if (options->json) {
      context.out << info_json(info).dump() << "\n";
    } else {
      print_info(context.out, info);
    }
    return ExitStatus::done;
  };
}

}  // namespace deskhand
