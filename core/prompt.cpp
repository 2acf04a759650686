#include "core/prompt.h"

#include <algorithm>
#include <bitset>
#include <optional>
#include <utility>

#include "core/tokenizer/special_matcher.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

constexpr std::string_view breaker = "\xEF\xB7\x90";  // U+FDD0

bool is_special(const Tokenizer& tokenizer, int32_t id) {
  return tokenizer.is_control(id) || tokenizer.is_user_defined(id);
}

std::vector<int32_t> with_bos(const Tokenizer& tokenizer, std::vector<int32_t> ids) {
  const bool missing = ids.empty() || ids.front() != tokenizer.bos();
  if (tokenizer.adds_bos() && missing) ids.insert(ids.begin(), tokenizer.bos());
  return ids;
}

/// Adds a character and breaks it from what follows: behind it, so that templates still see UTF-8; inside one that is a
/// token by itself.
void add_broken(const Tokenizer& tokenizer, std::string_view character, std::string& out) {
  const size_t whole = is_special(tokenizer, tokenizer.find(character)) ? 1 : character.size();
  out += character.substr(0, whole);
  out += breaker;
  out += character.substr(whole);
}

}  // namespace

std::string defuse(const Tokenizer& tokenizer, std::string_view untrusted) {
  // Every character that begins a special token is parted from what follows. To break only the tokens that are spelled
  // in full would leave those that come together later: from two parts of a message, or when a template cuts something
  // out between.
  const std::bitset<256> beginnings = tokenizer.special_beginnings();
  std::string out;
  out.reserve(untrusted.size() + untrusted.size() / 8);
  for (size_t at = 0; at < untrusted.size();) {
    const std::string_view character = untrusted.substr(at, next_utf8(untrusted, at).length);
    if (beginnings[static_cast<unsigned char>(character.front())]) {
      add_broken(tokenizer, character, out);
    } else {
      out += character;
    }
    at += character.size();
  }
  return out;
}

std::string defuse_reply(const Tokenizer& tokenizer, std::string_view reply, std::span<const std::string> controls) {
  const std::bitset<256> beginnings = tokenizer.special_beginnings();
  const auto begins = [&](char c) { return beginnings[static_cast<unsigned char>(c)]; };
  if (std::none_of(reply.begin(), reply.end(), begins)) return std::string(reply);
  std::vector<SpecialMatcher::Entry> broken;
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    if (!tokenizer.is_control(id) || tokenizer.token_text(id).size() <= 1) continue;
    if (std::find(controls.begin(), controls.end(), tokenizer.token_text(id)) == controls.end())
      broken.push_back({tokenizer.token_text(id), id});
  }
  const SpecialMatcher matcher(std::move(broken));
  std::string out;
  size_t at = 0;
  while (const std::optional<SpecialMatcher::Match> match = matcher.find(reply, at)) {
    out.append(reply.substr(at, match->at - at));
    const std::string_view character = reply.substr(match->at, next_utf8(reply, match->at).length);
    add_broken(tokenizer, character, out);
    at = match->at + character.size();
  }
  out.append(reply.substr(at));
  return out;
}

std::vector<int32_t> rendered_prompt_ids(const Tokenizer& tokenizer, std::string_view rendered) {
  return with_bos(tokenizer, tokenizer.encode(rendered, SpecialTokens::parse));
}

std::vector<int32_t> continued_ids(const Tokenizer& tokenizer, std::string_view rendered) {
  return tokenizer.encode(rendered, SpecialTokens::parse);
}

int64_t lasting_prefix(const Tokenizer& tokenizer, const ChatTemplate& chat, nlohmann::ordered_json messages,
                       std::span<const int32_t> ids) {
  const auto user = std::find_if(messages.begin(), messages.end(),
                                 [](const auto& message) { return message.value("role", "") == "user"; });
  if (user == messages.end()) return 0;
  (*user)["content"] = "\u00a7";  // what nobody begins with
  const std::vector<int32_t> other =
      rendered_prompt_ids(tokenizer, chat.render({{"messages", std::move(messages)}, {"add_generation_prompt", true}}));
  return std::mismatch(ids.begin(), ids.end(), other.begin(), other.end()).first - ids.begin();
}

bool turns_are_tokens(const Tokenizer& tokenizer, const ChatTemplate& chat) {
  const std::string words[] = {"Alpha", "Bravo", "Charlie"};
  const nlohmann::ordered_json messages = {{{"role", "user"}, {"content", words[0]}},
                                           {{"role", "assistant"}, {"content", words[1]}},
                                           {{"role", "user"}, {"content", words[2]}}};
  const std::string rendered = chat.render({{"messages", messages}, {"add_generation_prompt", true}});
  const std::bitset<256> beginnings = tokenizer.special_beginnings();  // of white space none
  size_t from = rendered.find(words[0]);
  for (const std::string& next : {words[1], words[2]}) {
    const size_t to = rendered.find(next, from);
    if (to == std::string::npos) return false;
    const auto ids = tokenizer.encode(std::string_view(rendered).substr(from, to - from), SpecialTokens::parse);
    const auto marks = [&](int32_t id) {
      const std::string_view text = tokenizer.token_text(id);
      return is_special(tokenizer, id) && text.size() > 1 && beginnings[static_cast<unsigned char>(text.front())];
    };
    if (std::none_of(ids.begin(), ids.end(), marks)) return false;
    from = to;
  }
  return true;
}

std::vector<int32_t> raw_prompt_ids(const Tokenizer& tokenizer, std::string_view text) {
  return with_bos(tokenizer, tokenizer.encode(text, SpecialTokens::literal));
}

std::unique_ptr<ChatTemplate> chat_template_of(const Metadata& metadata, const Tokenizer& tokenizer) {
  constexpr std::string_view key = "tokenizer.chat_template";
  if (!metadata.has(key)) return nullptr;
  const ChatTemplate::Tokens tokens{std::string(tokenizer.token_text(tokenizer.bos())),
                                    std::string(tokenizer.token_text(tokenizer.eos()))};
  auto chat = std::make_unique<ChatTemplate>(metadata.text(key), tokens);
  constexpr std::string_view tools_key = "tokenizer.chat_template.tool_use";
  if (metadata.has(tools_key)) chat->set_with_tools(metadata.text(tools_key));
  return chat;
}

}  // namespace deskhand
