// deskhand models: getting, listing, converting model files.

#include <vector>

#include "apps/cli/command.h"
#include "apps/models/subcommands.h"

namespace deskhand {
namespace {

struct Subcommand {
  const char* name;
  const char* summary;
  RunCommand (*define)(CLI::App& app);
};

constexpr Subcommand subcommands[] = {
    {"list", "the models that are here: downloaded ones and those of scripts/models", define_models_list},
    {"pull", "download a model from the Hugging Face hub", define_models_pull},
    {"info", "family, parameters, types, context and memory of a model", define_models_info},
    {"quantize", "write a model in another type, smaller", define_models_quantize},
};

RunCommand define(CLI::App& app) {
  app.require_subcommand(1);
  struct Defined {
    CLI::App* app;
    RunCommand run;
  };
  std::vector<Defined> defined;
  for (const Subcommand& subcommand : subcommands) {
    CLI::App* sub = app.add_subcommand(subcommand.name, subcommand.summary);
    defined.push_back({sub, subcommand.define(*sub)});
  }
  return [defined](CommandContext& context) {
    for (const Defined& one : defined) {
      if (one.app->parsed()) return one.run(context);
    }
    return ExitStatus::usage;
  };
}

}  // namespace

extern const Command command_models;
const Command command_models = {"models", "get, list and convert models",
                                "  deskhand models pull hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M\n"
                                "  deskhand models list\n"
                                "  deskhand models info qwen.gguf",
                                define, Stopping::orderly};

}  // namespace deskhand
