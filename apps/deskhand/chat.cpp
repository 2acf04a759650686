// deskhand chat: a conversation in the terminal.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/conversation.h"
#include "apps/cli/failure.h"
#include "apps/cli/line_reader.h"
#include "apps/cli/look.h"
#include "apps/cli/printable.h"
#include "apps/cli/seeing_model.h"
#include "apps/cli/user_files.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  std::string system, display, continue_file;
  std::vector<std::string> images;
};

constexpr std::string_view help_text =
    "/image FILE  show the model a picture, with your next message\n"
    "/screen      show the model the screen, with your next message\n"
    "/save FILE   write the conversation (go on later with --continue FILE), screens it was shown beside it\n"
    "/clear       forget what was said\n"
    "/help        this list\n"
    "/exit        end (also Ctrl-D)\n"
    "Ctrl-C stops a reply; at the prompt it ends the chat.\n";

class Chat {
 public:
  Chat(const Options& options, const SeeingModel& model, CommandContext& context)
      : options_(options),
        context_(context),
        model_(model),
        usual_(model.engine->info().recommended),
        conversation_(*model.engine, options.system, model.eyes.get()) {
    for (const std::string& path : options.images) show(path);
    if (!options.continue_file.empty()) {
      const auto saved = ordered_json::parse(read_text_file(options.continue_file), nullptr, false);
      if (saved.is_discarded()) throw FileError(options.continue_file + ": expected JSON");
      conversation_.restore(saved);
    }
  }

  ExitStatus run() {
    std::error_code ignored;
    std::filesystem::create_directories(data_folder(), ignored);
    if (context_.in_is_terminal) context_.err << "Type a message; /help lists the commands.\n";
    while (true) {
      LineReader& reader = reader_for(context_.interrupts.token());
      const std::optional<std::string> line = reader.read(context_.in_is_terminal ? "> " : "");
      if (!line) break;
      if (line->empty()) continue;
      if (line->front() == '/') {
        if (!command(*line)) return ended();
      } else {
        reply_to(*line);
      }
    }
    if (context_.in_is_terminal) context_.out << "\n";
    return context_.interrupts.token().stop_requested() ? ExitStatus::interrupted : ended();
  }

 private:
  // A person has seen what failed; a script learns it from the exit status.
  ExitStatus ended() const { return context_.in_is_terminal ? ExitStatus::done : last_failure_; }

  void complain(const Failure& failure) {
    print_failure(context_.err, failure.text);
    last_failure_ = failure.status;  // the conversation goes on
  }

  // A reader is bound to one stop token; after a stopped reply there is a new one.
  LineReader& reader_for(const std::stop_token& stop) {
    if (!reader_ || stop != reader_stop_) {
      reader_.reset();
      reader_ = std::make_unique<LineReader>(data_folder() / "chat_history", stop);
      reader_stop_ = stop;
    }
    return *reader_;
  }

  // False when the chat is to end.
  bool command(const std::string& line) {
    const size_t space = line.find(' ');
    const std::string name = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    try {
      if (name == "/exit" || name == "/quit") return false;
      if (name == "/help") {
        context_.out << help_text;
      } else if (name == "/clear") {
        conversation_.clear();
      } else if (name == "/screen") {
        show_screen();
      } else if (name == "/image") {
        if (rest.empty()) throw UsageError("/image needs a file name");
        show(rest);
      } else if (name == "/save") {
        if (rest.empty()) throw UsageError("/save needs a file name");
        int64_t pictures = 0;
        const ordered_json saved = conversation_.saved([&](const Image& picture) {
          const std::string path = fmt::format("{}.{}.png", rest, ++pictures);
          const std::vector<uint8_t> png = encode_png(picture);
          write_file(path, {reinterpret_cast<const char*>(png.data()), png.size()});
          return std::filesystem::absolute(path).string();
        });
        write_file(rest, saved.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
      } else {
        throw UsageError(fmt::format("{} is not a command; /help lists them", name));
      }
    } catch (const std::exception&) {
      complain(current_failure());
    }
    context_.out << std::flush;
    return true;
  }

  void show(const std::string& path) {
    if (!model_.eyes) throw no_eyes(model_.engine->info(), "a picture");
    next_.images.push_back(read_images({path}, model_.eyes->encoder()).front());
    next_.paths.push_back(std::filesystem::absolute(path).string());
  }

  void show_screen() {
    Look look = Eyes({.display = options_.display}, context_).look();
    if (!model_.eyes) {
      next_.text = screen_as_text(look.screen) + "\n";
      context_.err << "the model has no eyes: your next message tells it what the screen reader found\n";
      return;
    }
    next_.images.push_back(std::make_shared<Image>(std::move(look.image)));
    next_.paths.emplace_back();
  }

  void reply_to(const std::string& line) {
    GenerateOptions generate;
    generate.max_tokens = options_.sampling.max_tokens;
    generate.sampling = sampling_of(options_.sampling, usual_);
    UserTurn turn = next_;
    turn.text += line;
    try {
      const Generation reply = conversation_.say(
          turn, generate,
          [this](std::string_view text) {
            context_.out << (context_.out_is_terminal ? printable(text, true) : std::string(text)) << std::flush;
          },
          context_.interrupts.token());
      context_.out << "\n" << std::flush;
      next_ = {};
      if (context_.verbose) context_.err << usage_line(reply) << "\n";
      if (reply.reason == EndReason::stopped) {
        context_.err << "(stopped)\n";
        last_failure_ = ExitStatus::interrupted;
        context_.interrupts.rearm();
      } else if (reply.reason == EndReason::context_full) {
        context_.err << "(cut: the context is full; /save keeps the conversation, /clear starts anew)\n";
        last_failure_ = ExitStatus::limit;
      }
    } catch (const ContextFull& error) {
      complain({fmt::format("{}; /save keeps the conversation, /clear starts anew", error.what()), ExitStatus::limit});
    }
  }

  const Options& options_;
  CommandContext& context_;
  const SeeingModel& model_;
  Sampling usual_;
  Conversation conversation_;
  UserTurn next_;  // what goes with the next message
  ExitStatus last_failure_ = ExitStatus::done;
  std::unique_ptr<LineReader> reader_;
  std::stop_token reader_stop_;
};

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  add_mmproj_option(app, options->model);
  app.add_option("-i,--image", options->images, "a picture to begin with (may be given several times)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  add_sampling_options(app, options->sampling);
  app.add_option("--system", options->system, "instructions that the model gets before everything else");
  app.add_option("--continue", options->continue_file, "go on with a conversation that /save wrote")->type_name("FILE");
  app.add_option("--display", options->display, "X display for /screen (default: $DISPLAY)")->type_name(":N");
  return [options](CommandContext& context) {
    const SeeingModel model = open_seeing_model(options->model, context, Sight::optional);
    if (model.engine->chat_template() == nullptr) {
      throw UsageError("the model has no chat template; `deskhand ask` continues raw text with it");
    }
    return Chat(*options, model, context).run();
  };
}

}  // namespace

extern const Command command_chat;
const Command command_chat = {"chat", "a conversation in the terminal",
                              "  deskhand chat -m qwen.gguf\n"
                              "  deskhand chat --system \"Answer in French.\"\n"
                              "  deskhand chat --continue yesterday.json",
                              define, Stopping::orderly};

}  // namespace deskhand
