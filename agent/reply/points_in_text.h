#pragma once
// Points that stand in a text, for models that only find places.
//
//   points_in_text("The point is (10,20).")       // {{10, 20}}
//   points_in_text("[100, 200, 301, 400]")        // {{100, 200, 301, 400}}
//
// DialectError truncated where the text ends inside brackets that hold numbers.

#include <string_view>
#include <vector>

#include "agent/reply/points.h"
#include "agent/transcript.h"

namespace deskhand {

struct NumbersInText {
  std::vector<double> numbers{};
  size_t begin = 0, end = 0;  ///< of the brackets
};

/// What stands in brackets or parentheses and holds nothing but numbers.
std::vector<NumbersInText> points_in_text(std::string_view text);
std::vector<Action> found_at(nlohmann::json point, std::string_view text);
std::vector<Action> not_found(std::string_view text);

}  // namespace deskhand
