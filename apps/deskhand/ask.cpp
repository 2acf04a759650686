// deskhand ask: one question, one answer, streamed.

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/conversation.h"
#include "apps/cli/look.h"
#include "apps/cli/model_options.h"
#include "apps/cli/printable.h"

namespace deskhand {
namespace {

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  std::vector<std::string> images;
  std::string question, system, display;
  bool screen = false, json = false;
};

std::string with_screen(const Options& options, CommandContext& context) {
  if (!options.screen) return options.question;
  context.err << "the model has no eyes: it is told what the screen reader finds\n";
  return screen_as_text(Eyes({.display = options.display}, context).look().screen) + "\n" + options.question;
}

nlohmann::ordered_json reply_json(const Generation& reply, const ModelInfo& info, double load_seconds) {
  const double tokens = static_cast<double>(reply.ids.size());
  return {{"text", reply.text},
          {"model", info.name.empty() ? info.path.filename().string() : info.name},
          {"usage",
           {{"prompt_tokens", reply.prompt_tokens},
            {"cached_tokens", reply.reused_tokens},
            {"image_tokens", 0},
            {"completion_tokens", reply.ids.size()}}},
          {"timing",
           {{"load_ms", load_seconds * 1e3},
            {"encode_ms", 0},
            {"prefill_ms", reply.prefill_seconds * 1e3},
            {"decode_tok_s", reply.decode_seconds > 0 ? tokens / reply.decode_seconds : 0}}}};
}

ExitStatus answer(const Options& options, CommandContext& context) {
  if (!options.images.empty()) {
    throw UsageError(
        "-i: the models of this version have no eyes; use --screen, which tells the model what the screen "
        "reader finds, or `deskhand see IMAGE`");
  }
  const auto start = std::chrono::steady_clock::now();
  const auto engine = open_model(options.model, context);
  const std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;
  if (engine->chat_template() == nullptr) {
    context.err << "the model has no chat template: it continues the text as it stands\n";
  }
  Conversation conversation(*engine, options.system);
  GenerateOptions generate;
  generate.max_tokens = options.sampling.max_tokens;
  generate.sampling = sampling_of(options.sampling, engine->info().recommended);
  const auto stream = [&](std::string_view text) {
    if (!options.json)
      context.out << (context.out_is_terminal ? printable(text, true) : std::string(text)) << std::flush;
  };
  const Generation reply = conversation.say(with_screen(options, context), generate, stream, context.stop);
  if (options.json) {
    const auto json = reply_json(reply, engine->info(), load.count());
    context.out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  } else {
    context.out << "\n";
  }
  if (context.verbose) context.err << usage_line(reply) << "\n";
  if (reply.reason == EndReason::stopped) throw Interrupted();
  if (reply.reason == EndReason::context_full) throw LimitReached("the answer was cut: the context is full");
  return ExitStatus::done;
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  add_sampling_options(app, options->sampling);
  app.add_option("QUESTION", options->question, "what you want to know, quoted")->required();
  app.add_option("-i,--image", options->images,
                 "a picture to ask about; needs a model with eyes, which this version cannot load")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--screen", options->screen, "tell the model what is on the screen now");
  app.add_option("--display", options->display, "X display for --screen (default: $DISPLAY)")->type_name(":N");
  app.add_option("--system", options->system, "instructions that the model gets before everything else");
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  return [options](CommandContext& context) { return answer(*options, context); };
}

}  // namespace

extern const Command command_ask;
const Command command_ask = {"ask", "one question, one answer",
                             "  deskhand ask -m qwen.gguf \"What is a symbolic link?\"\n"
                             "  deskhand ask --screen \"Which window is open?\"\n"
                             "  deskhand ask --temp 0 --json \"Name three colours\"",
                             define, Stopping::orderly};

}  // namespace deskhand
