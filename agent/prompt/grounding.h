#pragma once
// Models that find one place: one picture, one description, no history.
//
//   grounding_prompt(input, {.system = "", .before = "", .after = "the OK button"}, 64)
//
// The description is the goal of the input; the picture is that of its last turn.

#include <string>

#include "agent/dialect.h"

namespace deskhand {

struct GroundingTexts {
  std::string system{};           ///< empty: none
  std::string before{}, after{};  ///< of the picture
};

DialectPrompt grounding_prompt(const DialectInput& input, GroundingTexts texts, int64_t max_tokens);
/// Of the last turn; throws std::invalid_argument where there is none.
const Image& last_frame(const DialectInput& input);

}  // namespace deskhand
