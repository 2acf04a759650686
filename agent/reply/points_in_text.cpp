#include "agent/reply/points_in_text.h"

#include "agent/reply/call.h"
#include "agent/reply/error.h"
#include "agent/reply/literal.h"

namespace deskhand {

std::vector<NumbersInText> points_in_text(std::string_view text) {
  constexpr std::string_view of_numbers = "0123456789+-.,eE \t\r\n";
  std::vector<NumbersInText> found;
  for (size_t begin = text.find_first_of("[("); begin != std::string_view::npos;
       begin = text.find_first_of("[(", begin + 1)) {
    const char closer = text[begin] == '[' ? ']' : ')';
    const size_t end = text.find_first_not_of(of_numbers, begin + 1);
    if (end == std::string_view::npos) throw DialectError(ReplyFault::truncated, "the reply ends inside a point");
    if (text[end] != closer) continue;
    std::vector<double> numbers = numbers_in(nlohmann::json(std::string(text.substr(begin, end + 1 - begin))));
    if (!numbers.empty()) found.push_back({.numbers = std::move(numbers), .begin = begin, .end = end + 1});
  }
  return found;
}

std::vector<Action> found_at(nlohmann::json point, std::string_view text) {
  return {{.name = "point", .input = {{"coordinate", std::move(point)}}, .text = std::string(trimmed(text))}};
}

std::vector<Action> not_found(std::string_view text) {
  return {{.name = "not_found", .input = nlohmann::json::object(), .text = std::string(trimmed(text))}};
}

}  // namespace deskhand
