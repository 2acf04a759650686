#include "apps/bench/prompts_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "apps/cli/messages.h"
#include "apps/cli/user_files.h"
#include "core/prompt.h"
#include "core/strict_json.h"

namespace deskhand {

using nlohmann::ordered_json;

PromptCost& PromptCost::operator+=(const PromptCost& other) {
  tokens += other.tokens;
  computed += other.computed;
  image_rows += other.image_rows;
  encoded += other.encoded;
  seconds += other.seconds;
  encode_seconds += other.encode_seconds;
  decode_seconds += other.decode_seconds;
  return *this;
}

PromptsTest::PromptsTest(const std::string& path) : path_(path) {
  std::istringstream lines(read_text_file(path));
  for (std::string line; std::getline(lines, line);) {
    lines_.push_back(read(line, fmt::format("{}: line {}", path, lines_.size() + 1)));
  }
  if (lines_.empty()) throw FileError(fmt::format("{}: expected a prompt per line, the file is empty", path));
}

PromptsTest::Line PromptsTest::read(const std::string& text, const std::string& what) {
  const ordered_json json = parse_ordered_json(text, what);
  if (json.is_object() && json.contains("messages")) {
    const ordered_json& messages = json["messages"];
    check_messages(messages, what);
    return {.messages = messages, .pictures = picture_paths(messages)};
  }
  const auto is_id = [](const ordered_json& id) { return id.is_number_integer(); };
  if (!json.is_array() || json.empty() || !std::all_of(json.begin(), json.end(), is_id)) {
    throw FileError(fmt::format("{}: expected a JSON list of token ids, or an object with \"messages\"", what));
  }
  return {.ids = json.get<std::vector<int64_t>>()};
}

bool PromptsTest::sees() const {
  return std::any_of(lines_.begin(), lines_.end(), [](const Line& line) { return !line.pictures.empty(); });
}

void PromptsTest::check(const ModelInfo& model, const ChatTemplate* chat, const Multimodal* eyes) const {
  if (sees() && eyes == nullptr) throw no_eyes(model, "--prompts");
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    if (line.ids.empty() && chat == nullptr) {
      throw UsageError(fmt::format("--prompts: {} has no chat template for messages", model.path.string()));
    }
    const auto known = [&](int64_t id) { return id >= 0 && id < model.vocabulary; };
    const auto wrong = std::find_if_not(line.ids.begin(), line.ids.end(), known);
    if (wrong == line.ids.end()) continue;
    throw FileError(
        fmt::format("{}: line {}: expected token ids below {}, got {}", path_, i + 1, model.vocabulary, *wrong));
  }
}

/// Pictures stay in memory from one prompt to the next, as in an agent; `known` are those of the last.
ImagePrompt PromptsTest::prompt(const Line& line, const SeeingModel& model, Pictures& known) {
  if (!line.ids.empty()) return {.ids = {line.ids.begin(), line.ids.end()}};
  const Tokenizer& tokenizer = model.engine->tokenizer();
  const ChatTemplate& chat = *model.engine->chat_template();
  const ordered_json variables = {{"messages", safe_messages(tokenizer, line.messages)},
                                  {"add_generation_prompt", true}};
  if (!model.eyes) return {.ids = rendered_prompt_ids(tokenizer, chat.render(variables))};
  Pictures shown;
  std::vector<std::shared_ptr<const Image>> images;
  for (const std::string& path : line.pictures) {
    std::shared_ptr<const Image>& image = shown[path];
    if (const auto found = known.find(path); found != known.end()) image = found->second;
    if (!image) image = read_images({path}, model.eyes->encoder()).front();
    images.push_back(image);
  }
  known = std::move(shown);
  return model.eyes->prompt(model.eyes->render(chat, variables), images);
}

void PromptsTest::run(const SeeingModel& model, int64_t reply, const std::function<void(const PromptCost&)>& on_cost,
                      std::stop_token stop) const {
  Engine& engine = *model.engine;
  check(engine.info(), engine.chat_template(), model.eyes.get());
  const auto session = engine.new_session();
  const GenerateOptions generate{.max_tokens = reply, .ignore_end = true};
  Pictures pictures;
  for (const Line& line : lines_) {
    const int64_t encoded = model.eyes ? model.eyes->encoded() : 0;
    const double encoding = model.eyes ? model.eyes->seconds() : 0;
    ImagePrompt all = prompt(line, model, pictures);
    session->set_prompt(all.ids, stop, 0, std::move(all.images));
    if (stop.stop_requested()) return;
    const Generation made = session->generate(
        generate, nullptr, [](std::string_view) {}, stop);
    if (stop.stop_requested()) return;
    on_cost({.tokens = made.prompt_tokens,
             .computed = made.prompt_tokens - made.reused_tokens,
             .image_rows = all.image_rows,
             .encoded = (model.eyes ? model.eyes->encoded() : 0) - encoded,
             .seconds = made.prefill_seconds,
             .encode_seconds = (model.eyes ? model.eyes->seconds() : 0) - encoding,
             .decode_seconds = made.decode_seconds});
  }
}

}  // namespace deskhand
