// deskhand models info FILE: what is in a model file.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/model_options.h"

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
          {"layers", info.layers},
          {"width", info.width},
          {"heads", info.heads},
          {"kv_heads", info.kv_heads},
          {"head_dim", info.head_dim},
          {"vocabulary", info.vocabulary},
          {"trained_context", info.trained_context},
          {"context", info.context},
          {"weight_bytes", info.weight_bytes},
          {"kv_bytes_per_token", info.kv_bytes_per_token},
          {"chat_template", info.has_chat_template},
          {"eyes", nullptr}};
}

void print_info(std::ostream& out, const ModelInfo& info) {
  const double mib = 1024.0 * 1024.0;
  const double kv_mib = static_cast<double>(info.kv_bytes_per_token) * static_cast<double>(info.context) / mib;
  const auto line = [&](std::string_view name, const std::string& value) {
    out << fmt::format("{:<14}{}\n", name, value);
  };
  line("file", info.path.string());
  line("name", info.name.empty() ? "(none)" : info.name);
  line("family", info.architecture);
  line("licence", info.license.empty() ? "(not said in the file)" : info.license);
  line("parameters", fmt::format("{:.1f} M", static_cast<double>(info.parameters) / 1e6));
  line("tensors", info.types);
  line("shape", fmt::format("{} layers × {}, {} heads of {}, {} for keys and values, {} tokens of vocabulary",
                            info.layers, info.width, info.heads, info.head_dim, info.kv_heads, info.vocabulary));
  line("context", fmt::format("{} here, trained with {}", info.context, info.trained_context));
  line("memory", fmt::format("{:.0f} MiB of weights, {:.0f} MiB of keys and values at {} tokens ({:.1f} KiB each)",
                             static_cast<double>(info.weight_bytes) / mib, kv_mib, info.context,
                             static_cast<double>(info.kv_bytes_per_token) / 1024.0));
  line("chat template", info.has_chat_template ? "yes" : "no: `ask` continues raw text, `chat` and `do` refuse");
  line("eyes", "none: text only; the screen reader tells it what is on the screen");
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* info = app.add_subcommand("info", "family, parameters, types, context and memory of a model file");
  info->add_option(
          "MODEL", options->model.model,
          "a .gguf file or a directory of safetensors (default: $DESKHAND_MODEL, then \"model\" of the config file)")
      ->type_name("FILE");
  info->add_option("-c,--context", options->model.context, "tokens of context to state the memory for");
  info->add_flag("--json", options->json, "the result as JSON, for machines");
  info->footer("Examples:\n  deskhand models info qwen.gguf\n  deskhand models info qwen.gguf -c 4096 --json");
  return [options](CommandContext& context) {
    const auto engine = open_model(options->model, context);
    if (options->json) {
      context.out << info_json(engine->info()).dump() << "\n";
    } else {
      print_info(context.out, engine->info());
    }
    return ExitStatus::done;
  };
}

}  // namespace

extern const Command command_models;
const Command command_models = {"models", "about model files", "  deskhand models info qwen.gguf", define};

}  // namespace deskhand
