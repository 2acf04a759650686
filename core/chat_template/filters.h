#pragma once
// The tables of filters: x | name(arguments).

#include <span>
#include <string_view>

#include "core/chat_template/value.h"

namespace deskhand::jinja {

struct Filter {
  std::string_view name;
  Value (*run)(Interpreter& in, const Value& input, const Arguments& arguments);
};

std::span<const Filter> text_filters();      ///< what makes text or numbers of one value
std::span<const Filter> sequence_filters();  ///< what works on many

}  // namespace deskhand::jinja
