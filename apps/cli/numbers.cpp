#include "apps/cli/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The whole text as a number; nothing when it is none or too large.
template <typename T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// CLI11 reads what this leaves: it would take a leading zero for octal.
CLI::Option* validated(CLI::Option* option, std::function<std::string(std::string&)> check) {
  return option->transform(CLI::Validator(std::move(check), ""));
}

std::string complaint(const std::string& expected, std::string_view text) {
  return fmt::format("must be {}, got '{}'", expected, shortened(text, 40));
}

}  // namespace

CLI::Option* whole_number(CLI::Option* option, uint64_t least, std::optional<uint64_t> most) {
  return validated(option, [least, most](std::string& text) -> std::string {
    const uint64_t limit = most.value_or(INT32_MAX);
    const auto value = is_digits(text) ? parsed<uint64_t>(text) : std::nullopt;
    if (value && *value >= least && *value <= limit) {
      text = std::to_string(*value);
      return {};
    }
    const bool is_too_large = is_digits(text) && (!value || *value > limit);
    if (most || is_too_large) return complaint(fmt::format("a whole number from {} to {}", least, limit), text);
    return complaint(fmt::format("a whole number ≥ {}", least), text);
  });
}

CLI::Option* real_number(CLI::Option* option, double least, double most) {
  return validated(option, [least, most](std::string& text) -> std::string {
    const auto value = parsed<double>(text);
    if (value && std::isfinite(*value) && *value >= least && *value <= most) return {};
    return complaint(fmt::format("a number from {} to {}", least, most), text);
  });
}

}  // namespace deskhand
