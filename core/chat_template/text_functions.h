#pragma once
// Python's operations on strings, in characters (code points), not bytes.
//
//   strip("  a ", {}, Side::both)             // "a"
//   split("a,b", ",", -1)                     // {"a", "b"}

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat_template/budget.h"

namespace deskhand::jinja {

bool is_python_space(char32_t code);
size_t count_characters(std::string_view text);
/// One view for each character.
std::vector<std::string_view> characters(std::string_view text);

enum class Side { left, right, both };
/// Without the white space, or without any of the characters of `set`, at its sides.
std::string_view strip(std::string_view text, std::optional<std::string_view> set, Side side);

/// Cut at `separator`, or at runs of white space; at most `most` cuts, −1 for all. Throws for an empty separator.
std::vector<std::string_view> split(std::string_view text, std::optional<std::string_view> separator, int64_t most);
/// The same from the right.
std::vector<std::string_view> split_right(std::string_view text, std::optional<std::string_view> separator,
                                          int64_t most);
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends);

/// At most `most` times, −1 for all.
std::string replace(std::string_view text, std::string_view old, std::string_view with, int64_t most, Budget& budget);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// The first character upper, the others lower.
std::string capitalize(std::string_view text);
/// Every word so; `word_breaks` tells what ends a word: white space, '-', '(', '{', '[', '<' for the filter, anything
/// that is no letter for the method.
enum class Words { filter, method };
std::string title(std::string_view text, Words words);

std::string escape_html(std::string_view text, Budget& budget);

}  // namespace deskhand::jinja
