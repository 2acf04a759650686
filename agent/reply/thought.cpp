#include "agent/reply/thought.h"

#include <algorithm>

#include "agent/reply/error.h"

namespace deskhand {
namespace {

constexpr std::string_view opens = "<think>", closes = "</think>";

}  // namespace

size_t first_of(std::string_view text, NameList marks, size_t from) {
  size_t first = std::string_view::npos;
  for (const std::string_view mark : marks) first = std::min(first, text.find(mark, from));
  return first;
}

bool ends_inside(std::string_view text, NameList marks) {
  for (const std::string_view mark : marks)
    for (size_t length = 2; length < mark.size(); ++length)
      if (text.ends_with(mark.substr(0, length))) return true;
  return false;
}

std::string_view before_invented_turns(std::string_view reply, NameList marks) {
  return reply.substr(0, first_of(reply, marks));
}

std::string_view behind_thought(std::string_view reply, NameList openers) {
  if (size_t end = reply.find(closes); end != std::string_view::npos) {
    size_t begin = end + closes.size();
    const size_t opener = first_of(reply, openers, begin);
    for (end = reply.find(closes, begin); end < opener && end != std::string_view::npos;
         end = reply.find(closes, begin))
      begin = end + closes.size();
    reply.remove_prefix(begin);
  }
  if (reply.substr(0, first_of(reply, openers)).find(opens) != std::string_view::npos)
    throw DialectError(ReplyFault::truncated, "the reply ends inside <think>, before any action");
  return reply;
}

std::string_view said(std::string_view reply, NameList marks, NameList openers) {
  return behind_thought(before_invented_turns(reply, marks), openers);
}

}  // namespace deskhand
