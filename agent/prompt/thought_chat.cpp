#include "agent/prompt/thought_chat.h"

#include "agent/prompt/history.h"

namespace deskhand {

std::vector<Message> thought_messages(const DialectInput& input, std::string task) {
  constexpr HistoryRule pictures{.keep = 5, .block = 2};
  const size_t count = input.turns.size(), shown_from = dropped(count, pictures);
  std::vector<Message> messages;
  for (size_t i = 0; i < count; ++i) {
    const std::shared_ptr<const Image> picture = i >= shown_from ? input.turns[i].frame : nullptr;
    const std::string told = i == 0 ? task : told_after(input.turns[i - 1]);
    if (picture || !told.empty()) messages.push_back(user_turn(told, picture, {}));
    if (i + 1 < count) messages.push_back({Message::Role::assistant, input.turns[i].reply});
  }
  return messages;
}

}  // namespace deskhand
