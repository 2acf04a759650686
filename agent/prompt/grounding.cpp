#include "agent/prompt/grounding.h"

#include <stdexcept>

#include "agent/prompt/history.h"

namespace deskhand {

const Image& last_frame(const DialectInput& input) {
  if (input.turns.empty() || !input.turns.back().frame) throw std::invalid_argument("there is no picture to ask about");
  return *input.turns.back().frame;
}

DialectPrompt grounding_prompt(const DialectInput& input, GroundingTexts texts, int64_t max_tokens) {
  last_frame(input);
  DialectPrompt prompt;
  if (!texts.system.empty()) prompt.messages.push_back({Message::Role::system, std::move(texts.system)});
  prompt.messages.push_back(user_turn(std::move(texts.before), input.turns.back().frame, std::move(texts.after)));
  prompt.max_tokens = max_tokens;
  return prompt;
}

}  // namespace deskhand
