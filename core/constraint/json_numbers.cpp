// Numbers within bounds, as grammars of their digits.
#include <fmt/format.h>

#include <algorithm>

#include "core/constraint/json_parts.h"

namespace deskhand {

using Expression = GrammarBuilder::Expression;

Expression JsonParts::digit_range(char first, char last) {
  return builder_.byte(static_cast<uint8_t>(first), static_cast<uint8_t>(last));
}

Expression JsonParts::digits(uint32_t min, uint32_t max) {
  return builder_.repeat(digit_range('0', '9'), min, max);
}

Expression JsonParts::integer() {
  return integer(-largest_integer, largest_integer);
}

Expression JsonParts::integer(int64_t first, int64_t last) {
  std::vector<Expression> ways;
  if (first < 0) {
    ways.push_back(builder_.sequence({builder_.literal("-"), natural(std::max<int64_t>(1, -last), -first)}));
  }
  if (last >= 0) ways.push_back(natural(std::max<int64_t>(0, first), last));
  return builder_.choice(std::move(ways));
}

Expression JsonParts::natural(int64_t first, int64_t last) {
  std::vector<Expression> ways;
  std::string low = std::to_string(first);
  const std::string high = std::to_string(last);
  while (first <= last && low.size() < high.size()) {
    ways.push_back(same_length(low, std::string(low.size(), '9')));
    low.assign(low.size() + 1, '0');
    low[0] = '1';
  }
  if (first <= last) ways.push_back(same_length(low, high));
  return builder_.choice(std::move(ways));
}

Expression JsonParts::same_length(const std::string& first, const std::string& last) {
  const auto rest = static_cast<uint32_t>(first.size() - 1);
  if (rest == 0) return digit_range(first[0], last[0]);
  const std::string zeros(rest, '0'), nines(rest, '9');
  if (first[0] == last[0]) {
    return builder_.sequence({digit_range(first[0], last[0]), same_length(first.substr(1), last.substr(1))});
  }
  std::vector<Expression> ways;
  char low = first[0], high = last[0];
  if (first.substr(1) != zeros) {
    ways.push_back(builder_.sequence({digit_range(low, low), same_length(first.substr(1), nines)}));
    ++low;
  }
  if (last.substr(1) != nines) {
    ways.push_back(builder_.sequence({digit_range(high, high), same_length(zeros, last.substr(1))}));
    --high;
  }
  if (low <= high) ways.push_back(builder_.sequence({digit_range(low, high), digits(rest, rest)}));
  return builder_.choice(std::move(ways));
}

Expression JsonParts::multiples(int64_t of, int64_t first, int64_t last) {
  if (of == 1) return integer(first, last);
  constexpr int64_t most_listed = 2000, most_residues = 100;
  GrammarBuilder& b = builder_;
  if (first > last) return b.nothing();
  if (last / of - first / of <= most_listed) {
    std::vector<std::string> listed;
    int64_t value = first / of * of;
    if (value < first) value += of;
    for (; value <= last; value += of) listed.push_back(std::to_string(value));
    return b.any_of(listed);
  }
  const bool negative = first == -largest_integer && last >= -1, positive = last == largest_integer && first <= 1;
  if ((!negative && first < 0) || (!positive && last > 0) || of > most_residues) {
    throw SchemaError(fmt::format("\"multipleOf\" {} within these bounds is not supported", of));
  }
  // By remainder and digits that may follow: a further digit, or the end where nothing remains.
  std::vector<Expression> after(static_cast<size_t>(of));
  for (int64_t r = 0; r < of; ++r) after[static_cast<size_t>(r)] = r == 0 ? b.empty() : b.nothing();
  for (int left = 1; left < integer_digits; ++left) {
    std::vector<Expression> longer;
    for (int64_t r = 0; r < of; ++r) {
      std::vector<Expression> ways{r == 0 ? b.empty() : b.nothing()};
      for (int64_t d = 0; d < 10; ++d) {
        const auto digit = static_cast<char>('0' + d);
        ways.push_back(b.sequence({digit_range(digit, digit), after[static_cast<size_t>((r * 10 + d) % of)]}));
      }
      longer.push_back(shared("multiple", b.choice(std::move(ways))));
    }
    after = std::move(longer);
  }
  std::vector<Expression> starts;
  for (int64_t d = 1; d < 10; ++d) {
    const auto digit = static_cast<char>('0' + d);
    starts.push_back(b.sequence({digit_range(digit, digit), after[static_cast<size_t>(d % of)]}));
  }
  const Expression magnitudes = shared("multiple", b.choice(std::move(starts)));
  std::vector<Expression> ways;
  if (first <= 0 && last >= 0) ways.push_back(b.literal("0"));
  if (positive) ways.push_back(magnitudes);
  if (negative) ways.push_back(b.sequence({b.literal("-"), magnitudes}));
  return b.choice(std::move(ways));
}

Expression JsonParts::decimal(uint32_t fraction_digits) {
  GrammarBuilder& b = builder_;
  const Expression whole =
      b.choice({b.literal("0"), b.sequence({digit_range('1', '9'), digits(0, number_digits - 1 - fraction_digits)})});
  const Expression fraction =
      fraction_digits == 0 ? b.empty() : b.optional(b.sequence({b.literal("."), digits(1, fraction_digits)}));
  return b.sequence({b.optional(b.literal("-")), whole, fraction});
}

Expression JsonParts::number() {
  GrammarBuilder& b = builder_;
  const Expression whole =
      b.choice({b.literal("0"), b.sequence({digit_range('1', '9'), digits(0, number_digits - 1)})});
  const Expression fraction = b.sequence({b.literal("."), digits(1, number_digits)});
  const Expression sign = b.choice({b.empty(), b.literal("+"), b.literal("-")});
  const Expression exponent = b.sequence({b.byte(ByteSet().set('e').set('E')), sign, digits(1, 2)});
  return b.sequence({b.optional(b.literal("-")), whole, b.optional(fraction), b.optional(exponent)});
}

Expression JsonParts::number(const Bound& low, const Bound& high, uint32_t fraction_digits) {
  const auto whole_digits = static_cast<int>(std::to_string(std::max(low.whole, high.whole)).size());
  const uint32_t most = std::min(fraction_digits, static_cast<uint32_t>(number_digits - whole_digits));
  const Bound zero{0};
  std::vector<Expression> ways;
  if (low.negative) {
    const Bound open_zero{0, false, 0, {}, true};
    const Bound& nearest = high.negative ? high : high.value == 0 && high.exclusive ? open_zero : zero;
    ways.push_back(builder_.sequence({builder_.literal("-"), magnitude(nearest, low, most)}));
  }
  if (!high.negative) ways.push_back(magnitude(low.negative ? zero : low, high, most));
  return builder_.choice(std::move(ways));
}

Expression JsonParts::magnitude(const Bound& low, const Bound& high, uint32_t digits) {
  GrammarBuilder& b = builder_;
  if (low.whole > high.whole) return b.nothing();
  if (low.whole == high.whole) {
    return b.sequence({natural(low.whole, low.whole), fraction(&low, &high, digits)});
  }
  std::vector<Expression> ways{b.sequence({natural(low.whole, low.whole), fraction(&low, nullptr, digits)}),
                               b.sequence({natural(high.whole, high.whole), fraction(nullptr, &high, digits)})};
  if (low.whole + 1 < high.whole) {
    ways.push_back(b.sequence({natural(low.whole + 1, high.whole - 1), fraction(nullptr, nullptr, digits)}));
  }
  return b.choice(std::move(ways));
}

Expression JsonParts::fraction(const Bound* low, const Bound* high, uint32_t digits) {
  GrammarBuilder& b = builder_;
  const bool whole_fits = (low == nullptr || (low->fraction.empty() && !low->exclusive)) &&
                          (high == nullptr || !high->fraction.empty() || !high->exclusive);
  const auto limit = [](const Bound* bound) {
    return bound == nullptr ? std::nullopt : std::optional(FractionLimit{bound->fraction, bound->exclusive});
  };
  const Expression behind = b.sequence({b.literal("."), fraction_digits(limit(low), limit(high), digits, true)});
  return b.choice({whole_fits ? b.empty() : b.nothing(), behind});
}

Expression JsonParts::fraction_digits(std::optional<FractionLimit> low, std::optional<FractionLimit> high,
                                      uint32_t left, bool first) {
  GrammarBuilder& b = builder_;
  if (low && low->digits.empty() && !low->exclusive) low.reset();  // reached
  if (!low && !high) return digits(first ? 1 : 0, left);
  const auto zero = [](std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; };
  std::vector<Expression> ways;
  const bool low_reached = !low || (zero(low->digits) && !low->exclusive);
  const bool high_kept = !high || !zero(high->digits) || !high->exclusive;
  if (!first && low_reached && high_kept) ways.push_back(b.empty());
  const auto next_of = [](const FractionLimit& limit) { return limit.digits.empty() ? '0' : limit.digits.front(); };
  const auto rest_of = [](const FractionLimit& limit) {
    return FractionLimit{limit.digits.substr(limit.digits.empty() ? 0 : 1), limit.exclusive};
  };
  for (char digit = '0'; left > 0 && digit <= '9'; ++digit) {
    if ((low && digit < next_of(*low)) || (high && digit > next_of(*high))) continue;
    const auto low_rest = low && digit == next_of(*low) ? std::optional(rest_of(*low)) : std::nullopt;
    const auto high_rest = high && digit == next_of(*high) ? std::optional(rest_of(*high)) : std::nullopt;
    ways.push_back(b.sequence({digit_range(digit, digit), fraction_digits(low_rest, high_rest, left - 1, false)}));
  }
  return b.choice(std::move(ways));
}

}  // namespace deskhand
