#include "core/prompt.h"

#include <bitset>
#include <utility>

namespace deskhand {
namespace {

constexpr std::string_view breaker = "\xEF\xB7\x90";  // U+FDD0

std::vector<int32_t> with_bos(const Tokenizer& tokenizer, std::vector<int32_t> ids) {
  const bool missing = ids.empty() || ids.front() != tokenizer.bos();
  if (tokenizer.adds_bos() && missing) ids.insert(ids.begin(), tokenizer.bos());
  return ids;
}

}  // namespace

std::string defuse(const Tokenizer& tokenizer, std::string_view untrusted) {
  // Every character that begins a special token is parted from what follows. To break only the tokens that are spelled
  // in full would leave those that come together later: from two parts of a message, or when a template cuts something
  // out between.
  const std::bitset<256> beginnings = tokenizer.special_beginnings();
  std::string out;
  out.reserve(untrusted.size() + untrusted.size() / 8);
  for (const char c : untrusted) {
    out.push_back(c);
    if (beginnings[static_cast<unsigned char>(c)]) out += breaker;
  }
  return out;
}

std::vector<int32_t> rendered_prompt_ids(const Tokenizer& tokenizer, std::string_view rendered) {
  return with_bos(tokenizer, tokenizer.encode(rendered, SpecialTokens::parse));
}

std::vector<int32_t> raw_prompt_ids(const Tokenizer& tokenizer, std::string_view text) {
  return with_bos(tokenizer, tokenizer.encode(text, SpecialTokens::literal));
}

std::unique_ptr<ChatTemplate> chat_template_of(const Metadata& metadata, const Tokenizer& tokenizer) {
  constexpr std::string_view key = "tokenizer.chat_template";
  if (!metadata.has(key)) return nullptr;
  const ChatTemplate::Tokens tokens{std::string(tokenizer.token_text(tokenizer.bos())),
                                    std::string(tokenizer.token_text(tokenizer.eos()))};
  return std::make_unique<ChatTemplate>(metadata.text(key), tokens);
}

}  // namespace deskhand
