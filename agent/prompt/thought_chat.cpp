#include "agent/prompt/thought_chat.h"

#include "agent/prompt/history.h"

namespace deskhand {

std::vector<Message> thought_messages(const DialectInput& input, std::string task) {
  constexpr HistoryRule pictures{.keep = 5, .block = 2};
  const size_t count = input.turns.size(), shown_from = first_shown(input.turns, pictures);
  std::vector<Message> messages;
  for (size_t i = 0; i < count; ++i) {
    const bool shown = i >= shown_from && !input.turns[i].same_screen;
    const std::string told = i == 0 ? task : told_after(input.turns[i - 1]);
    Message message = user_turn(told, shown ? input.turns[i].frame : nullptr, {});
    if (i > 0 && i >= shown_from) add_pictures(input.turns[i - 1], message);
    if (!message.parts.empty()) messages.push_back(std::move(message));
    if (i + 1 < count) messages.push_back({Message::Role::assistant, input.turns[i].reply});
  }
  return messages;
}

}  // namespace deskhand
