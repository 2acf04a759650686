#pragma once
// What `deskhand models` can do: each defines its options below `models` and returns what runs.
//
//   CLI::App* pull = models.add_subcommand("pull", "…");
//   RunCommand run = define_pull(*pull);

#include "apps/cli/command.h"

namespace deskhand {

RunCommand define_models_info(CLI::App& app);
RunCommand define_models_list(CLI::App& app);
RunCommand define_models_pull(CLI::App& app);
RunCommand define_models_quantize(CLI::App& app);

}  // namespace deskhand
