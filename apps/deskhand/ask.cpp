// deskhand ask: one question, one answer, streamed.

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/conversation.h"
#include "apps/cli/look.h"
#include "apps/cli/printable.h"
#include "apps/cli/seeing_model.h"

namespace deskhand {
namespace {

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  std::vector<std::string> images;
  std::string question, system, display;
  bool screen = false, json = false;
};

/// The question with the pictures, and with the screen as the model can take it.
UserTurn turn_of(const Options& options, const Multimodal* eyes, CommandContext& context) {
  UserTurn turn{.text = options.question};
  if (eyes != nullptr) turn.images = read_images(options.images, eyes->encoder());
  if (!options.screen) return turn;
  Look look = Eyes({.display = options.display}, context).look();
  if (eyes != nullptr) {
    turn.images.push_back(std::make_shared<Image>(std::move(look.image)));
  } else {
    context.err << "the model has no eyes: it is told what the screen reader finds\n";
    turn.text = screen_as_text(look.screen) + "\n" + options.question;
  }
  return turn;
}

/// What a reply's numbers do not say.
struct Costs {
  double load_seconds = 0, encode_seconds = 0;
  int64_t image_tokens = 0;
};

nlohmann::ordered_json reply_json(const Generation& reply, const ModelInfo& info, const Costs& costs) {
  const double tokens = static_cast<double>(reply.ids.size());
  return {{"text", reply.text},
          {"model", info.name.empty() ? info.path.filename().string() : info.name},
          {"usage",
           {{"prompt_tokens", reply.prompt_tokens},
            {"cached_tokens", reply.reused_tokens},
            {"image_tokens", costs.image_tokens},
            {"completion_tokens", reply.ids.size()}}},
          {"timing",
           {{"load_ms", costs.load_seconds * 1e3},
            {"encode_ms", costs.encode_seconds * 1e3},
            {"prefill_ms", (reply.prefill_seconds - costs.encode_seconds) * 1e3},
            {"decode_tok_s", reply.decode_seconds > 0 ? tokens / reply.decode_seconds : 0}}}};
}

/// The eyes are opened where there is something to see.
SeeingModel open(const Options& options, CommandContext& context) {
  if (options.images.empty() && !options.screen) return {.engine = open_model(options.model, context)};
  SeeingModel model =
      open_seeing_model(options.model, context, options.images.empty() ? Sight::optional : Sight::needed);
  if (!model.eyes && !options.images.empty()) throw no_eyes(model.engine->info(), "-i");
  if (model.engine->chat_template() != nullptr) return model;
  if (!options.images.empty()) throw UsageError("-i: the model has no chat template, and so no place for pictures");
  model.eyes.reset();
  return model;
}

ExitStatus answer(const Options& options, CommandContext& context) {
  const auto start = std::chrono::steady_clock::now();
  const SeeingModel model = open(options, context);
  const auto& engine = model.engine;
  const std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;
  if (engine->chat_template() == nullptr) {
    context.err << "the model has no chat template: it continues the text as it stands\n";
  }
  const UserTurn turn = turn_of(options, model.eyes.get(), context);
  Conversation conversation(*engine, options.system, model.eyes.get());
  GenerateOptions generate;
  generate.max_tokens = options.sampling.max_tokens;
  generate.sampling = sampling_of(options.sampling, engine->info().recommended);
  const auto stream = [&](std::string_view text) {
    if (!options.json)
      context.out << (context.out_is_terminal ? printable(text, true) : std::string(text)) << std::flush;
  };
  const Generation reply = conversation.say(turn, generate, stream, context.stop);
  const Costs costs{.load_seconds = load.count(),
                    .encode_seconds = model.eyes ? model.eyes->seconds() : 0,
                    .image_tokens = conversation.image_rows()};
  if (options.json) {
    const auto json = reply_json(reply, engine->info(), costs);
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
  add_mmproj_option(app, options->model);
  add_sampling_options(app, options->sampling);
  app.add_option("QUESTION", options->question, "what you want to know, quoted")->required();
  app.add_option("-i,--image", options->images,
                 "a picture to ask about (may be given several times); needs a model with eyes")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--screen", options->screen,
               "show the model the screen; one without eyes is told what the screen reader finds");
  app.add_option("--display", options->display, "X display for --screen (default: $DISPLAY)")->type_name(":N");
  app.add_option("--system", options->system, "instructions that the model gets before everything else");
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  return [options](CommandContext& context) { return answer(*options, context); };
}

}  // namespace

extern const Command command_ask;
const Command command_ask = {"ask", "one question, one answer",
                             "  deskhand ask -m qwen.gguf \"What is a symbolic link?\"\n"
                             "  deskhand ask -m qwen3.5/ -i receipt.jpg \"What does it say?\"\n"
                             "  deskhand ask --screen \"Which window is open?\"\n"
                             "  deskhand ask --temp 0 --json \"Name three colours\"",
                             define, Stopping::orderly};

}  // namespace deskhand
