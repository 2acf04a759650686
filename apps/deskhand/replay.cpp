// deskhand replay: what a run did, step by step, in the terminal or as one page.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "agent/replay_page.h"
#include "agent/trace.h"
#include "apps/cli/command.h"
#include "apps/cli/printable.h"
#include "apps/cli/user_files.h"

namespace deskhand {
namespace {

struct Options {
  std::string trace, html;
  bool json = false;
};

void print_records(const Options& options, std::ostream& out) {
  for (const nlohmann::ordered_json& record : read_trace(options.trace)) {
    const std::string text = record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    out << (options.json ? text : printable(text)) << "\n";
  }
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("TRACE", options->trace, "folder of a trace")->required();
  app.add_option("--html", options->html, "write one self-contained page with pictures to this file");
  app.add_flag("--json", options->json, "the records, for machines");
  return [options](CommandContext& context) {
    const TraceCheck check = check_trace(options->trace);
    if (options->html.empty()) {
      print_records(*options, context.out);
    } else {
      write_text_file(options->html, replay_page(options->trace));
      context.err << "wrote " << options->html << "\n";
    }
    if (check.intact) return ExitStatus::done;
    context.err << "deskhand: the trace is not as it was written: " << printable(check.problem) << "\n";
    return ExitStatus::failed;
  };
}

}  // namespace

extern const Command command_replay;
const Command command_replay = {"replay", "what a run did, step by step",
                                "  deskhand replay TRACE --html run.html\n  deskhand replay TRACE --json", define};

}  // namespace deskhand
