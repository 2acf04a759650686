#pragma once
// Python's operators on values.

#include <string_view>

#include "core/chat_template/value.h"

namespace deskhand::jinja {

/// + - * / // % **
Value arithmetic(std::string_view op, const Value& a, const Value& b, Budget& budget);
bool equal(const Value& a, const Value& b, Budget& budget);
/// < <= > >=; throws for values that have no order.
bool ordered(std::string_view op, const Value& a, const Value& b, Budget& budget);
/// needle in haystack
bool contains(const Value& haystack, const Value& needle, Budget& budget);

}  // namespace deskhand::jinja
