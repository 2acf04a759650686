#include "apps/cli/messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/cli/command.h"
#include "core/prompt.h"

namespace deskhand {

using nlohmann::ordered_json;

namespace {

bool has_text(const ordered_json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string();
}

bool is_content(const ordered_json& content) {
  if (!content.is_array()) return content.is_string();
  return std::all_of(content.begin(), content.end(), [](const ordered_json& part) {
    return is_image(part) ? has_text(part, "path") : has_text(part, "text");
  });
}

}  // namespace

bool is_image(const ordered_json& part) {
  return has_text(part, "type") && part["type"] == "image";
}

void check_messages(const ordered_json& messages, std::string_view what) {
  if (!messages.is_array()) throw FileError(fmt::format("{}: expected a list of messages", what));
  for (const ordered_json& message : messages) {
    if (has_text(message, "role") && message.contains("content") && is_content(message["content"])) continue;
    std::string got = message.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    if (constexpr size_t most = 200; got.size() > most) got = got.substr(0, most) + "…";
    throw FileError(fmt::format("{}: expected a text \"role\" and \"content\" in a message, got {}", what, got));
  }
}

std::vector<std::string> picture_paths(const ordered_json& messages) {
  std::vector<std::string> paths;
  for (const ordered_json& message : messages) {
    if (!message["content"].is_array()) continue;
    for (const ordered_json& part : message["content"]) {
      if (is_image(part)) paths.push_back(part["path"].get<std::string>());
    }
  }
  return paths;
}

ordered_json safe_messages(const Tokenizer& tokenizer, ordered_json messages) {
  for (ordered_json& message : messages) {
    const bool reply = message["role"] == "assistant";
    const auto make_safe = [&](ordered_json& text) {
      const auto given = text.get<std::string>();
      text = reply ? defuse_reply(tokenizer, given) : defuse(tokenizer, given);
    };
    ordered_json& content = message["content"];
    if (!content.is_array()) {
      make_safe(content);
      continue;
    }
    for (ordered_json& part : content) {
      if (!is_image(part)) make_safe(part["text"]);
    }
  }
  return messages;
}

}  // namespace deskhand
