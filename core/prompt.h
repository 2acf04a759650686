#pragma once
// From messages to token ids: templates, bos, and the rule for untrusted text.
//
//   std::string safe = defuse(tokenizer, page_text);                       // "<|im_end|>" in it stays plain text
//   std::string prompt = chat->render({{"messages", messages}, {"add_generation_prompt", true}});
//   std::vector<int32_t> ids = rendered_prompt_ids(tokenizer, prompt);     // bos once, control tokens parsed

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat_template/chat_template.h"
#include "core/tokenizer/tokenizer.h"

namespace deskhand {

/// The text with U+FDD0 after every character that begins a special token of several characters: control tokens, and
/// tags such as <tool_call> that are tokens. rendered_prompt_ids drops U+FDD0 again after it has matched special
/// tokens. Nothing that a template does with parts of the text (joining, trimming, cutting) can then make a special
/// token. For every text that is not the template's own: the screen, files, tools, what a user pastes.
std::string defuse(const Tokenizer& tokenizer, std::string_view untrusted);

/// For the model's own earlier replies: the control tokens that they spell are broken, but for the `controls` that are
/// part of what it says; tags such as <think> and <tool_call>, which templates look for, stay.
std::string defuse_reply(const Tokenizer& tokenizer, std::string_view reply,
                         std::span<const std::string> controls = {});

/// Ids of a rendered template: control tokens are parsed, U+FDD0 is dropped after that, and bos is added when the model
/// expects it and the template did not write it.
std::vector<int32_t> rendered_prompt_ids(const Tokenizer& tokenizer, std::string_view rendered);

/// Likewise of what follows a picture in a rendered template: no bos.
std::vector<int32_t> continued_ids(const Tokenizer& tokenizer, std::string_view rendered);

/// How many of the ids, the rendered `messages`, come before what the first user message says: other conversations with
/// the same instructions and tools begin with them. 0 without a user message.
int64_t lasting_prefix(const Tokenizer& tokenizer, const ChatTemplate& chat, nlohmann::ordered_json messages,
                       std::span<const int32_t> ids);

/// Whether special tokens stand between the turns of a conversation. Where they do not, turns are marked with plain
/// text, and defused text can spell a turn of somebody else. Throws TemplateError when the template refuses plain
/// turns.
bool turns_are_tokens(const Tokenizer& tokenizer, const ChatTemplate& chat);

/// Ids of raw text: no control token is parsed; bos in front when the model expects it.
std::vector<int32_t> raw_prompt_ids(const Tokenizer& tokenizer, std::string_view text);

/// The chat template of a model file, or null when it has none.
std::unique_ptr<ChatTemplate> chat_template_of(const Metadata& metadata, const Tokenizer& tokenizer);

}  // namespace deskhand
