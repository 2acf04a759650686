#pragma once
// Runs as the Qwen family was trained to read them: the task and earlier actions beside the first picture that is kept,
// then pictures and replies in turn.
//
//   std::vector<Message> messages = qwen_messages(input, collapsing_chat(system));

#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect.h"
#include "agent/prompt/history.h"

namespace deskhand {

struct QwenChat {
  std::string system{};
  HistoryRule pictures{};  ///< older ones are `collapsed` where they stood
  HistoryRule turns{};     ///< older ones leave; their Action lines stay in the text of the first
  std::string_view collapsed = {};
  std::string_view lead = {};   ///< before the text of the first turn
  bool text_first = false;      ///< before the picture
  bool wrapped = false;         ///< later pictures stand in <tool_response>
  bool empty_thoughts = false;  ///< a reply without reasoning gets an empty one
};

/// As Qwen3.5 and later: up to 20 pictures of 100 turns, older ones collapsed.
QwenChat collapsing_chat(std::string system);
/// As Qwen3-VL and what was made of it: up to 4 turns.
QwenChat windowed_chat(std::string system);

std::vector<Message> qwen_messages(const DialectInput& input, const QwenChat& chat);
/// What a reply says that it does: its line "Action: …", else its first line.
std::string action_line(std::string_view reply);
/// The tools block of Qwen's function calling around the tools, one JSON per line.
std::string tools_block(std::string_view tools);

}  // namespace deskhand
