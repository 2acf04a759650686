#include "agent/prompt/web_chat.h"

#include <fmt/format.h>

#include "agent/prompt/history.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

constexpr HistoryRule pictures{.keep = 3, .block = 2};
constexpr size_t longest_address = 100;

std::string words_for(const Turn& before, const Turn& turn, WebObservations observations) {
  std::string text = fmt::format("Current URL: {}\n", shortened(turn.address, longest_address));
  if (observations == WebObservations::told)
    for (const CallResult& result : before.results)
      if (!result.text.empty()) text += result.text + "\n";
  return text + (before.answer.empty() ? "Here is the next screenshot. Think about what to do next." : before.answer);
}

}  // namespace

std::vector<Message> web_messages(const DialectInput& input, std::string system, WebObservations observations) {
  const size_t count = input.turns.size(), shown_from = dropped(count, pictures);
  std::vector<Message> messages = {{Message::Role::system, std::move(system)}};
  for (size_t i = 0; i < count; ++i) {
    const Turn& turn = input.turns[i];
    const bool shown = i >= shown_from, spoken = i == 0 || !input.turns[i - 1].answer.empty();
    const std::string words = i == 0 ? input.goal : words_for(input.turns[i - 1], turn, observations);
    if (shown || spoken) messages.push_back(user_turn({}, shown ? turn.frame : nullptr, words));
    if (i + 1 < count) messages.push_back({Message::Role::assistant, turn.reply});
  }
  return messages;
}

}  // namespace deskhand
