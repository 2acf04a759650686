#include "agent/prompt/history.h"

namespace deskhand {

size_t dropped(size_t count, const HistoryRule& rule) {
  if (rule.keep == 0 || count <= rule.keep) return 0;
  const size_t blocks = (count - rule.keep + rule.block - 1) / rule.block;
  return std::min(blocks * rule.block, count - 1);
}

size_t first_shown(std::span<const Turn> turns, const HistoryRule& rule) {
  std::vector<size_t> pictures;
  for (size_t i = 0; i < turns.size(); ++i)
    if (i == 0 || !turns[i].same_screen) pictures.push_back(i);
  return pictures.empty() ? 0 : pictures[dropped(pictures.size(), rule)];
}

void add_pictures(const Turn& turn, Message& message) {
  size_t at = 0;
  for (const CallResult& result : turn.results)
    if (result.picture)
      message.parts.insert(message.parts.begin() + static_cast<std::ptrdiff_t>(at++), {.image = result.picture});
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
