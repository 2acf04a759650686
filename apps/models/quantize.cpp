// deskhand models quantize IN OUT TYPE: a model file in another type.

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "apps/cli/description.h"
#include "apps/cli/model_options.h"
#include "apps/cli/printable.h"
#include "apps/cli/progress.h"
#include "apps/models/subcommands.h"
#include "core/new_file.h"
#include "core/quantise/quantise.h"
#include "core/readable_bytes.h"
#include "kernels/backend.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string in, out, type;
  int threads = 0;
  bool json = false;
};

nlohmann::ordered_json as_json(const QuantiseResult& result, const Options& options, double seconds) {
  std::map<std::string, int64_t> types;
  for (const DType type : result.types) ++types[std::string(dtype_info(type).name)];
  return {{"path", options.out},
          {"type", options.type},
          {"changed", result.changed},
          {"types", types},
          {"bytes_before", result.bytes_before},
          {"bytes_after", result.bytes_after},
          {"seconds", seconds}};
}

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code ignored;
  return fs::equivalent(a, b, ignored);
}

bool lies_inside(const fs::path& path, const fs::path& directory) {
  std::error_code ignored;
  fs::path up = fs::weakly_canonical(fs::absolute(path).parent_path(), ignored);
  while (!is_same_file(up, directory)) {
    if (up == up.parent_path()) return false;
    up = up.parent_path();
  }
  return true;
}

/// Throws UsageError unless OUT can become a file.
void expect_place(const std::string& out) {
  const std::string obstacle = out == "-" ? "is no file: a model is not written to stdout" : obstacle_at(out);
  if (obstacle.empty()) return;
  throw UsageError(fmt::format("OUT: '{}' {}; expected the name of a .gguf file to write or replace", out, obstacle));
}

/// Throws UsageError when writing OUT would change the model that is read.
void expect_apart(const std::string& out, const fs::path& in) {
  std::string how = is_same_file(out, in) ? "is IN itself" : "";
  std::error_code ignored;
  if (how.empty() && fs::is_directory(in, ignored)) {
    if (lies_inside(out, in)) how = "lies inside IN";
    for (const fs::directory_entry& entry : fs::directory_iterator(in, ignored)) {
      if (is_same_file(out, entry.path())) how = fmt::format("is a file of IN, {}", entry.path().filename().string());
    }
  }
  if (how.empty()) return;
  throw UsageError(fmt::format("OUT: '{}' {} ({}); expected another place", out, how, in.string()));
}

ExitStatus run(const Options& options, CommandContext& context) {
  const Recipe* recipe = find_recipe(options.type);
  if (recipe == nullptr) throw UsageError(fmt::format("TYPE: there is no '{}'", options.type));
  if (options.in.empty()) throw UsageError("IN: is empty; expected a .gguf file, a directory or hf:org/name");
  expect_place(options.out);
  const fs::path in = resolve_model(options.in);
  expect_apart(options.out, in);
  const auto file = ModelFile::open(in);
  ProgressLine line(context);
  const auto start = std::chrono::steady_clock::now();
  QuantiseOptions quantise_options;
  quantise_options.threads = make_cpu_backend({.threads = options.threads, .isa = {}})->info().threads;
  quantise_options.stop = context.stop;
  quantise_options.on_progress = [&](uint64_t done, uint64_t all) {
    line.show([&] { return fmt::format("{:.0f} %", 100.0 * static_cast<double>(done) / static_cast<double>(all)); });
  };
  const QuantiseResult result = quantise(*file, options.out, *recipe, quantise_options);
  line.wipe();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const nlohmann::ordered_json json = as_json(result, options, seconds.count());
  if (options.json) {
    context.out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
    return ExitStatus::done;
  }
  std::string types;
  for (const auto& [name, count] : json["types"].items())
    types += fmt::format("{}{} {}", types.empty() ? "" : ", ", name, count.get<int64_t>());
  context.out << printable(
      fmt::format("{}: {} of tensors became {} ({}), {:.1f} s\n", options.out, readable_bytes(result.bytes_before),
                  readable_bytes(result.bytes_after), types, seconds.count()),
      true);
  return ExitStatus::done;
}

}  // namespace

RunCommand define_models_quantize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("IN", options->in,
                 "a .gguf file in F32, F16 or BF16, a directory of safetensors, or hf:org/name of the cache")
      ->required()
      ->type_name("FILE");
  app.add_option("OUT", options->out,
                 "the .gguf file to write; one that is there is replaced atomically, when the new one is whole")
      ->required()
      ->type_name("FILE");
  std::vector<std::string> names;
  for (const Recipe& recipe : recipes()) names.emplace_back(recipe.name);
  one_of(app.add_option("TYPE", options->type, "what to make of the matrices")->required(), names);
  add_threads_option(app, options->threads);
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  app.footer(
      "Examples:\n  deskhand models quantize model-f16.gguf model-q4_k_m.gguf Q4_K_M\n"
      "  deskhand models quantize SmolLM2-135M-Instruct smollm2-q8_0.gguf Q8_0 --json");
  return [options](CommandContext& context) { return run(*options, context); };
}

}  // namespace deskhand
