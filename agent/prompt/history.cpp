#include "agent/prompt/history.h"

namespace deskhand {

size_t dropped(size_t count, const HistoryRule& rule) {
  if (rule.keep == 0 || count <= rule.keep) return 0;
  const size_t blocks = (count - rule.keep + rule.block - 1) / rule.block;
  return std::min(blocks * rule.block, count - 1);
}

Message user_turn(std::string before, std::shared_ptr<const Image> picture, std::string after) {
  Message message;
  if (!before.empty()) message.parts.push_back({.text = std::move(before)});
  if (picture) message.parts.push_back({.image = std::move(picture)});
  if (!after.empty()) message.parts.push_back({.text = std::move(after)});
  return message;
}

std::string told_after(const Turn& turn) {
  std::string text;
  const auto add = [&](const std::string& line) {
    if (line.empty()) return;
    if (!text.empty()) text += '\n';
    text += line;
  };
  for (const CallResult& result : turn.results) add(result.text);
  add(turn.answer);
  return text;
}

}  // namespace deskhand
