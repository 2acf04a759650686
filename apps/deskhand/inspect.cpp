// deskhand inspect: exactly what goes into a model and what comes out, for people who port or debug models.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/numbers.h"
#include "apps/cli/seeing_model.h"
#include "apps/cli/user_files.h"
#include "apps/inspect/dialect_reply.h"
#include "core/prompt.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  std::string text, messages_file, template_file, system;
  std::vector<int32_t> ids;
  int64_t count = 0;
  std::vector<std::string> images;
  DialectReplyOptions reply;
  bool raw = false, tokens_only = false, json = false, encoder = false;
};

ordered_json read_json(const std::string& path) {
  ordered_json value = ordered_json::parse(read_text_file(path), nullptr, false);
  if (value.is_discarded()) throw FileError(fmt::format("{}: expected JSON", path));
  return value;
}

// --template FILE --messages FILE: only the template interpreter, no model.
ExitStatus render_template(const Options& options, CommandContext& context) {
  ordered_json variables = read_json(options.messages_file);
  if (variables.is_array()) variables = ordered_json{{"messages", variables}};
  if (!variables.is_object())
    throw UsageError("--messages: expected an object with \"messages\", or a list of messages");
  const auto token = [&](const char* name) { return variables.value(name, std::string()); };
  const ChatTemplate chat(read_text_file(options.template_file), {token("bos_token"), token("eos_token")});
  context.out << chat.render(variables);
  return ExitStatus::done;
}

ordered_json variables_of(const Options& options) {
  if (!options.messages_file.empty()) {
    ordered_json variables = read_json(options.messages_file);
    if (variables.is_array()) variables = ordered_json{{"messages", variables}};
    if (!variables.contains("add_generation_prompt")) variables["add_generation_prompt"] = true;
    return variables;
  }
  ordered_json messages = ordered_json::array();
  if (!options.system.empty()) messages.push_back({{"role", "system"}, {"content", options.system}});
  ordered_json content = options.text;
  if (!options.images.empty()) {
    content = ordered_json::array();
    for (size_t i = 0; i < options.images.size(); ++i) content.push_back({{"type", "image"}});
    content.push_back({{"type", "text"}, {"text", options.text}});
  }
  messages.push_back({{"role", "user"}, {"content", content}});
  return {{"messages", messages}, {"add_generation_prompt", true}};
}

struct Prompt {
  std::string text;
  std::vector<int32_t> ids;
  PromptImages images{};
  int64_t image_rows = 0;
};

Prompt make_prompt(const Options& options, const Tokenizer& tokenizer, const ChatTemplate* chat,
                   Multimodal* eyes = nullptr) {
  if (!options.ids.empty()) return {tokenizer.decode(options.ids, true), options.ids};
  const bool raw = options.raw || (chat == nullptr && options.messages_file.empty());
  if (raw) return {options.text, raw_prompt_ids(tokenizer, options.text)};
  if (chat == nullptr) throw UsageError("the model has no chat template; use --raw");
  const ordered_json variables = variables_of(options);
  if (eyes == nullptr) {
    const std::string text = chat->render(variables);
    return {text, rendered_prompt_ids(tokenizer, text)};
  }
  const std::string text = eyes->render(*chat, variables);
  ImagePrompt prompt = eyes->prompt(text, read_images(options.images, eyes->encoder()));
  return {text, std::move(prompt.ids), std::move(prompt.images), prompt.image_rows};
}

void check_ids(const Prompt& prompt, int32_t vocabulary) {
  for (int64_t i = 0; i < static_cast<int64_t>(prompt.ids.size()); ++i) {
    const int32_t id = prompt.ids[static_cast<size_t>(i)];
    if (prompt.images.at(i) != nullptr) continue;
    if (id < 0 || id >= vocabulary) throw UsageError(fmt::format("--ids: {}: expected 0 ≤ id < {}", id, vocabulary));
  }
  if (prompt.ids.empty()) throw UsageError("the prompt is empty");
}

void print(const ordered_json& result, const Options& options, CommandContext& context) {
  if (options.json) {
    context.out << result.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << "\n";
    return;
  }
  context.out << "prompt: " << result["prompt"].get<std::string>() << "\nids:";
  for (const auto& id : result["ids"]) context.out << " " << id;
  context.out << "\n";
  if (result.contains("greedy_text")) {
    context.out << "greedy ids:";
    for (const auto& id : result["greedy_ids"]) context.out << " " << id;
    context.out << "\ngreedy text: " << result["greedy_text"].get<std::string>() << "\n";
  }
}

ExitStatus inspect_tokens(const Options& options, CommandContext& context) {
  const auto file = ModelFile::open(resolve_model(options.model.model));
  const auto tokenizer = Tokenizer::from_metadata(file->metadata());
  const auto chat = chat_template_of(file->metadata(), *tokenizer);
  const Prompt prompt = make_prompt(options, *tokenizer, chat.get());
  check_ids(prompt, tokenizer->vocabulary_size());
  print({{"prompt", prompt.text}, {"ids", prompt.ids}, {"image_tokens", 0}}, options, context);
  return ExitStatus::done;
}

/// The rows of each picture, as the language model gets them.
ordered_json encoder_rows(const Prompt& prompt) {
  ordered_json rows = ordered_json::array();
  for (const ImageSpan& span : prompt.images.spans()) {
    const std::shared_ptr<const ImageFeatures> features = span.image->features({});
    const int64_t count = span.is_attended() ? features->rows.rows : span.rows;
    for (int64_t row = span.first; row < span.first + count; ++row) {
      const float* from = features->rows.row(row);
      rows.push_back(std::vector<float>(from, from + features->rows.cols));
    }
  }
  return rows;
}

SeeingModel open(const Options& options, CommandContext& context) {
  if (options.images.empty()) return {.engine = open_model(options.model, context)};
  SeeingModel model = open_seeing_model(options.model, context);
  if (!model.eyes) throw no_eyes(model.engine->info(), "-i");
  return model;
}

ExitStatus inspect_model(const Options& options, CommandContext& context) {
  const SeeingModel model = open(options, context);
  const auto& engine = model.engine;
  const Prompt prompt = make_prompt(options, engine->tokenizer(), engine->chat_template(), model.eyes.get());
  check_ids(prompt, engine->tokenizer().vocabulary_size());
  const auto session = engine->new_session();
  session->set_prompt(prompt.ids, context.stop, 0, prompt.images);
  if (context.stop.stop_requested()) throw Interrupted();
  const std::span<const float> last = session->logits();
  const std::vector<float> logits(last.begin(), last.end());
  GenerateOptions generate;
  generate.max_tokens = options.count;
  Generation generation;
  if (options.count > 0) generation = session->generate(generate, nullptr, {}, context.stop);
  if (context.stop.stop_requested()) throw Interrupted();
  ordered_json result = {{"prompt", prompt.text}, {"ids", prompt.ids}, {"image_tokens", prompt.image_rows}};
  if (options.json) result["logits"] = logits;
  if (options.encoder) result["encoder"] = encoder_rows(prompt);
  result["greedy_ids"] = generation.ids;
  result["greedy_text"] = generation.text;
  print(result, options, context);
  return ExitStatus::done;
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_model_options(app, options->model);
  add_mmproj_option(app, options->model);
  app.add_option("-i,--image", options->images, "a picture before the text (may be given several times)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--encoder", options->encoder, "add the rows that the eyes make of the pictures");
  app.add_option("TEXT", options->text, "what the user says, or with --raw the text itself");
  app.add_option("--system", options->system, "instructions that the model gets before everything else");
  app.add_option("--messages", options->messages_file, "a whole conversation (JSON) instead of the text")
      ->type_name("FILE");
  app.add_option("--template", options->template_file, "render this chat template with --messages; no model is needed")
      ->type_name("FILE");
  whole_number(app.add_option("--ids", options->ids, "token ids instead of the text, with commas between"), 0)
      ->type_name("N,N")
      ->delimiter(',');
  whole_number(app.add_option("-n", options->count, "tokens to generate, always the most likely one"), 0);
  app.add_flag("--raw", options->raw, "leave out the chat template");
  app.add_flag("--tokens", options->tokens_only, "stop after the ids (a vocabulary-only file will do)");
  add_dialect_reply_options(app, options->reply);
  app.add_flag("--json", options->json, "as JSON, with the logits of the last position, for machines");
  return [options](CommandContext& context) {
    if (!options->reply.dialect.empty()) return inspect_dialect_reply(options->reply, options->json, context);
    if (!options->template_file.empty()) {
      if (options->messages_file.empty()) throw UsageError("--template needs --messages FILE");
      return render_template(*options, context);
    }
    if (options->text.empty() && options->messages_file.empty() && options->ids.empty()) {
      throw UsageError("nothing to inspect: give a text, --messages FILE, --ids 1,2,3 or --dialect NAME");
    }
    return options->tokens_only ? inspect_tokens(*options, context) : inspect_model(*options, context);
  };
}

}  // namespace

extern const Command command_inspect;
const Command command_inspect = {"inspect", "exactly what goes into a model and what comes out",
                                 "  deskhand inspect -m qwen.gguf -n 8 \"Hello\"\n"
                                 "  deskhand inspect -m vocab.gguf --tokens --raw --json \"Hello\"\n"
                                 "  deskhand inspect --template chat.jinja --messages conversation.json\n"
                                 "  deskhand inspect --dialect qwen35 --frame 1920x1088 --screen 1920x1080 --reply "
                                 "reply.txt --json",
                                 define};

}  // namespace deskhand
