#pragma once
// Calls of Gemma 4: <|tool_call>call:NAME{key:value,…}<tool_call|>, strings between <|"|> tokens.
//
//   gemma_calls("<|tool_call>call:left_click{coordinate:[500,250]}<tool_call|>")
//   gemma_calls("call:key{text:ctrl+l}")                    // a server has stripped the tokens
//
// Never empty: DialectError no_action without a call. What stands in the thought channel is no call.

#include <string_view>
#include <vector>

#include "agent/reply/call.h"

namespace deskhand {

std::vector<Call> gemma_calls(std::string_view reply);

}  // namespace deskhand
