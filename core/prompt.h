#pragma once
// From messages to token ids: templates, bos, and the rule for untrusted text.
//
//   std::string safe = defuse(tokenizer, page_text);                       // "<|im_end|>" in it stays plain text
//   std::string prompt = chat->render({{"messages", messages}, {"add_generation_prompt", true}});
//   std::vector<int32_t> ids = rendered_prompt_ids(tokenizer, prompt);     // bos once, control tokens parsed

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat_template/chat_template.h"
#include "core/tokenizer/tokenizer.h"

namespace deskhand {

/// The text with every control token that it spells broken by U+FDD0, which rendered_prompt_ids drops again after
/// control tokens were matched. For every text that is not the template's own: the screen, files, tools, what a user
/// pastes.
std::string defuse(const Tokenizer& tokenizer, std::string_view untrusted);

/// Ids of a rendered template: control tokens are parsed, U+FDD0 is dropped after that, and bos is added when the model
/// expects it and the template did not write it.
std::vector<int32_t> rendered_prompt_ids(const Tokenizer& tokenizer, std::string_view rendered);

/// Ids of raw text: no control token is parsed; bos in front when the model expects it.
std::vector<int32_t> raw_prompt_ids(const Tokenizer& tokenizer, std::string_view text);

/// The chat template of a model file, or null when it has none.
std::unique_ptr<ChatTemplate> chat_template_of(const Metadata& metadata, const Tokenizer& tokenizer);

}  // namespace deskhand
