// deskhand models pull REF: a model from the Hugging Face hub into the usual cache.

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "apps/cli/printable.h"
#include "apps/cli/progress.h"
#include "apps/models/subcommands.h"
#include "core/hub/pull.h"
#include "core/readable_bytes.h"

namespace deskhand {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string reference;
  bool dry_run = false, json = false;
};

void announce(const PullPlan& plan, std::ostream& err) {
  const std::string& license = plan.repository.license;
  err << printable(fmt::format("{}: licence {}; {} in {} files, {} to download\n", plan.reference.text(),
                               license.empty() ? "not said by its model card" : license, readable_bytes(plan.bytes),
                               plan.files.size(),
                               plan.missing_bytes > 0 ? readable_bytes(plan.missing_bytes) : std::string("nothing")),
                   true);
  for (const HubFile& file : plan.files) {
    err << printable(fmt::format("  {} ({})\n", file.path, readable_bytes(file.bytes)), true);
  }
}

nlohmann::ordered_json plan_json(const PullPlan& plan) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const HubFile& file : plan.files) {
    files.push_back({{"path", file.path}, {"bytes", file.bytes}, {file.large ? "sha256" : "git_sha1", file.hash}});
  }
  return {{"ref", plan.reference.text()},      {"repository", plan.repository.name},
          {"commit", plan.repository.commit},  {"license", plan.repository.license},
          {"gated", plan.repository.gated},    {"bytes", plan.bytes},
          {"to_download", plan.missing_bytes}, {"files", files}};
}

/// "model.gguf  31 %  12.3 MB/s  40 s left".
std::string progress_text(const PullPlan& plan, const PullProgress& progress, double bytes_per_second) {
  const double share = plan.bytes > 0 ? static_cast<double>(progress.bytes) / static_cast<double>(plan.bytes) : 1;
  const double left = static_cast<double>(plan.bytes - progress.bytes);
  const std::string rest = bytes_per_second > 0 ? fmt::format("  {:.0f} s left", left / bytes_per_second) : "";
  return printable(
      fmt::format("{}  {:.0f} %  {:.1f} MB/s{}", progress.file.path, share * 100, bytes_per_second / 1e6, rest));
}

std::filesystem::path download(HubPull& pull, const PullPlan& plan, CommandContext& context) {
  ProgressLine line(context);
  const auto start = Clock::now();
  const uint64_t had = plan.bytes - plan.missing_bytes;
  return pull.run(
      plan,
      [&](const PullProgress& progress) {
        line.show([&] {
          const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
          const uint64_t got = progress.bytes > had ? progress.bytes - had : 0;
          return progress_text(plan, progress, seconds > 0 ? static_cast<double>(got) / seconds : 0);
        });
      },
      context.stop);
}

ExitStatus run(const Options& options, CommandContext& context) {
  const HubReference reference = HubReference::parse(options.reference);
  HubPull pull(HubServer::of_user(), HubCache::of_user());
  const PullPlan plan = pull.plan(reference, context.stop);
  announce(plan, context.err);
  nlohmann::ordered_json result = plan_json(plan);
  if (!options.dry_run) result["path"] = download(pull, plan, context).string();
  if (options.json) {
    context.out << result.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  } else if (!options.dry_run) {
    context.out << result["path"].get<std::string>() << "\n";
  }
  return ExitStatus::done;
}

}  // namespace

RunCommand define_models_pull(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("REF", options->reference,
                 "hf:org/name, with :file.gguf or :QUANT behind it to choose one of many, with @revision before that "
                 "for another than main")
      ->required();
  app.add_flag("--dry-run", options->dry_run, "only say what would be downloaded, its size and licence");
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  app.footer(
      "Files go to the cache that Hugging Face programs share (HF_HUB_CACHE, HF_HOME). HF_TOKEN or the usual\n"
      "token file opens gated models, HF_ENDPOINT names another hub. What was interrupted goes on where it\n"
      "stopped.\n\n"
      "Examples:\n  deskhand models pull hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M\n"
      "  deskhand models pull hf:HuggingFaceTB/SmolLM2-135M-Instruct\n"
      "  deskhand models pull --dry-run --json hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:qwen2.5-0.5b-instruct-q8_0.gguf");
  return [options](CommandContext& context) { return run(*options, context); };
}

}  // namespace deskhand
