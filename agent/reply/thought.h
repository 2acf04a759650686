#pragma once
// What a reply says aloud: without the reasoning before it and the turns that the model invented behind it.
//
//   said("plan <tool_call>draft</think>Action: go <tool_call>…<tool_response>ok", qwen_turns, tagged_openers)
//                                                                                // "Action: go <tool_call>…"

#include <array>
#include <string_view>

#include "agent/reply/call.h"

namespace deskhand {

/// Where the harness begins to speak, in models of the Qwen family.
inline constexpr std::array<std::string_view, 4> qwen_turns = {"<tool_response>", "<|im_start|>", "<|im_end|>",
                                                               "<|endoftext|>"};
inline constexpr std::array<std::string_view, 2> tagged_openers = {"<tool_call>", "<function="};
inline constexpr std::array<std::string_view, 3> closing_tags = {"</tool_call>", "</function>", "</parameter>"};

/// Up to the first of the marks.
std::string_view before_invented_turns(std::string_view reply, NameList marks);
/// Behind the first `</think>`, and behind each later one that stands before the first of `openers`. Throws
/// DialectError truncated where a `<think>` has no end.
std::string_view behind_thought(std::string_view reply, NameList openers);
std::string_view said(std::string_view reply, NameList marks, NameList openers);

/// The first place of any of these, npos for none.
size_t first_of(std::string_view text, NameList marks, size_t from = 0);
/// Whether the text breaks off inside one of the marks.
bool ends_inside(std::string_view text, NameList marks);

}  // namespace deskhand
