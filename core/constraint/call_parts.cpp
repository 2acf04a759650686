#include "core/constraint/call_parts.h"

#include <fmt/format.h>

#include "core/tokenizer/utf8.h"

namespace deskhand {

GrammarBuilder::Expression add_calls(GrammarBuilder& b, GrammarBuilder::Expression call, std::string_view between,
                                     CallCount count) {
  constexpr uint32_t unbounded = GrammarBuilder::unbounded;
  if (count.min == 0 || count.min > count.max) {
    throw GrammarError(fmt::format("at least {} and at most {} calls", count.min, count.max));
  }
  const auto rule = b.declare("call");
  b.define(rule, call);
  const auto next = b.sequence({b.literal(between), b.use(rule)});
  return b.sequence({b.use(rule), b.repeat(next, count.min - 1, count.max == unbounded ? unbounded : count.max - 1)});
}

std::string call_name_error(std::string_view what, std::string_view name) {
  constexpr size_t longest = 128;
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  if (!name.empty() && name.size() <= longest && name.find_first_not_of(plain) == std::string_view::npos) return {};
  return fmt::format("{} \"{}\": expected a name of 1…{} letters, digits, \"_\", \"-\" and \".\"", what,
                     shortened(name, longest), longest);
}

}  // namespace deskhand
