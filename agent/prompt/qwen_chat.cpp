#include "agent/prompt/qwen_chat.h"

#include <fmt/format.h>

#include "agent/prompt/protocol.h"
#include "agent/reply/literal.h"
#include "agent/reply/thought.h"

namespace deskhand {
namespace {

constexpr std::string_view response_begins = "<tool_response>\n", response_ends = "\n</tool_response>";

std::string first_text(const DialectInput& input, const QwenChat& chat, size_t first) {
  std::string before;
  for (size_t i = 0; i < first; ++i)
    before += fmt::format("{}Step {}: {}", i > 0 ? "\n" : "", i + 1, action_line(input.turns[i].reply));
  return fmt::format(
      "{}Please generate the next move according to the UI screenshot, instruction and previous actions.\n\n"
      "Instruction: {}\n\nPrevious actions:\n{}",
      chat.lead, input.goal, first == 0 ? "None" : before);
}

Message first_turn(const DialectInput& input, const QwenChat& chat, size_t first, bool shown) {
  std::string text = first_text(input, chat, first);
  const std::shared_ptr<const Image> picture = shown ? input.turns[first].frame : nullptr;
  if (chat.text_first) return user_turn(std::move(text), picture, {});
  return user_turn({}, picture, std::move(text));
}

/// What came of the turn before, and the picture or what stands for it.
Message later_turn(const QwenChat& chat, const Turn& before, const Turn& turn, bool shown) {
  const std::string told = told_after(before);
  const std::string placeholder = shown || turn.same_screen ? std::string() : std::string(chat.collapsed);
  const std::shared_ptr<const Image> picture = shown && !turn.same_screen ? turn.frame : nullptr;
  Message message;
  if (chat.wrapped) {
    const bool more = picture || !placeholder.empty();
    const std::string lines = told.empty() || !more ? told : told + "\n";
    message = user_turn(std::string(response_begins) + lines + placeholder, picture, std::string(response_ends));
  } else {
    const std::string gap = told.empty() || placeholder.empty() ? "" : "\n";
    message = user_turn({}, picture, placeholder + gap + told);
  }
  if (shown) add_pictures(before, message);
  return message;
}

std::string reply_of(const Turn& turn, const QwenChat& chat) {
  const bool thinks = turn.reply.find("</think>") != std::string::npos;
  return fmt::format("{}{}", chat.empty_thoughts && !thinks ? "<think>\n\n</think>\n\n" : "", turn.reply);
}

}  // namespace

std::string action_line(std::string_view reply) {
  constexpr std::string_view marker = "Action:";
  const size_t thought = reply.rfind("</think>", first_of(reply, tagged_openers));
  if (thought != std::string_view::npos) reply.remove_prefix(thought + std::string_view("</think>").size());
  reply = trimmed(reply.substr(0, first_of(reply, tagged_openers)));
  size_t begin = reply.starts_with(marker) ? 0 : reply.find("\nAction:");
  if (begin != std::string_view::npos) reply = trimmed(reply.substr(reply.find(marker, begin) + marker.size()));
  return std::string(trimmed(reply.substr(0, reply.find('\n'))));
}

QwenChat collapsing_chat(std::string system) {
  return {.system = std::move(system),
          .pictures = {.keep = 20, .block = 10},
          .turns = {.keep = 100, .block = 10},
          .collapsed = "This screenshot has been collapsed.",
          .lead = "\n",
          .wrapped = true,
          .empty_thoughts = true};
}

QwenChat windowed_chat(std::string system) {
  return {.system = std::move(system), .turns = {.keep = 4, .block = 2}};
}

std::vector<Message> qwen_messages(const DialectInput& input, const QwenChat& chat) {
  const size_t count = input.turns.size();
  const size_t first = dropped(count, chat.turns),
               shown_from = std::max(first, first_shown(input.turns, chat.pictures));
  std::vector<Message> messages = {{Message::Role::system, chat.system}};
  for (size_t i = first; i < count; ++i) {
    const bool shown = i >= shown_from;
    messages.push_back(i == first ? first_turn(input, chat, first, shown)
                                  : later_turn(chat, input.turns[i - 1], input.turns[i], shown));
    if (i + 1 < count) messages.push_back({Message::Role::assistant, reply_of(input.turns[i], chat)});
  }
  return messages;
}

std::string tools_block(std::string_view tools) {
  return filled(protocol_text("nous_tools"), {{"{TOOLS: one JSON per line}", tools}});
}

}  // namespace deskhand
