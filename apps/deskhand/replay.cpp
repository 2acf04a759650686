// deskhand replay: what a run did, step by step, in the terminal or as one page; or the run once more.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "agent/replay_page.h"
#include "agent/script/parse.h"
#include "agent/secrets.h"
#include "agent/trace.h"
#include "apps/cli/command.h"
#include "apps/cli/desktop_run.h"
#include "apps/cli/printable.h"
#include "apps/cli/user_files.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

struct Options {
  RunOptions run;
  std::string trace, html;
  bool execute = false;
};

/// Decides nothing: the actions are those of the trace.
class RecordedMind final : public Mind {
 public:
  explicit RecordedMind(std::string trace) : trace_(std::move(trace)) {}
  std::string name() const override { return "replay of " + trace_; }
  MindReply reply(const MindRequest&, const TextSink&, std::stop_token) override {
    throw std::logic_error("a replay asks no mind");
  }

 private:
  std::string trace_;
};

struct Recording {
  std::string goal;
  std::vector<Action> actions;
};

/// Throws what ordered_json throws for a value of another type.
nlohmann::json input_of(const ordered_json& action) {
  const ordered_json& input = action.at("input");
  for (const auto& [key, value] : input.get_ref<const ordered_json::object_t&>()) {
    if (key == "text" || key == "answer" || key == "question" || key == "name") value.get_ref<const std::string&>();
  }
  return input;
}

/// What worked, the user's own part included; of a dry run all of it.
Recording read_recording(const std::string& trace) {
  Recording recording;
  bool dry_run = false;
  for (const ordered_json& record : read_trace(trace)) {
    if (record.value("type", "") == "begin") {
      recording.goal = record.value("goal", "");
      dry_run = record.value("dry_run", false);
    }
    if (record.value("type", "") != "step" || !record.value("ok", false)) continue;
    if (!dry_run && !record.value("executed", false) && record.value("verdict", "") != "hand_off") continue;
    const ordered_json& action = record.at("action");
    // Not the recorded words: what the user is asked about is what will be done.
    Action done{.name = action.at("name"), .input = input_of(action)};
    done.text = script::write(done);
    if (done.text.empty()) done.text = fmt::format("{} {}", done.name, done.input.dump());
    if (record.value("verdict", "") != "hand_off" && Secrets::holds_mark(done)) {
      throw std::runtime_error(
          fmt::format("{}: step {} typed a secret, which a trace does not keep: it cannot be done again", trace,
                      record.value("step", 0)));
    }
    recording.actions.push_back(std::move(done));
  }
  if (recording.actions.empty()) throw std::runtime_error(fmt::format("{}: no action of it worked", trace));
  return recording;
}

ExitStatus execute(const Options& options, CommandContext& context) {
  Recording recording;
  try {
    recording = read_recording(options.trace);
  } catch (const ordered_json::exception& error) {
    throw TraceError(fmt::format("{}: a step is not as Deskhand writes it: {}", options.trace, error.what()));
  }
  DesktopRun run(options.run, context);
  RecordedMind mind(options.trace);
  Agent agent(run.parts(mind, choose_dialect({}, false)));
  const Limits limits{.max_steps = static_cast<int>(recording.actions.size()),
                      .max_seconds = options.run.max_time,
                      .dry_run = options.run.dry_run};
  return run.finish(agent.replay(recording.actions, recording.goal, limits, context.stop));
}

void print_records(const Options& options, CommandContext& context) {
  for (const ordered_json& record : read_trace(options.trace)) {
    if (context.stop.stop_requested()) throw Interrupted();
    const std::string text = record.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    context.out << (options.run.json ? text : printable(text)) << "\n";
  }
}

ExitStatus replay(const Options& options, CommandContext& context) {
  const TraceCheck check = check_trace(options.trace);
  if (context.stop.stop_requested()) throw Interrupted();
  const auto complain = [&](std::string_view consequence) {
    context.err << fmt::format("deskhand: {}: not as it was written: {}{}\n", options.trace, printable(check.problem),
                               consequence);
    return ExitStatus::failed;
  };
  if (options.execute) return check.intact ? execute(options, context) : complain("; nothing was done");
  if (options.html.empty()) {
    print_records(options, context);
  } else {
    write_file(options.html, replay_page(options.trace));
    context.err << "wrote " << options.html << "\n";
  }
  return check.intact ? ExitStatus::done : complain("");
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("TRACE", options->trace, "folder of a trace")->type_name("FOLDER")->required();
  auto* html = app.add_option("--html", options->html, "write one self-contained page with pictures to this file")
                   ->type_name("FILE");
  app.add_flag("--json", options->run.json, "the records, or with --execute the new steps, for machines");
  auto* execute = app.add_flag("--execute", options->execute,
                               "do what worked once more, without a model; the policy judges every action anew")
                      ->excludes(html);
  for (CLI::Option* option : add_run_options(app, options->run)) option->group("With --execute")->needs(execute);
  return [options](CommandContext& context) { return replay(*options, context); };
}

}  // namespace

extern const Command command_replay;
const Command command_replay = {"replay", "what a run did, step by step; or the same once more",
                                "  deskhand replay TRACE\n"
                                "  deskhand replay TRACE --html run.html\n"
                                "  deskhand replay TRACE --execute --new-display --app mousepad",
                                define, Stopping::orderly};

}  // namespace deskhand
