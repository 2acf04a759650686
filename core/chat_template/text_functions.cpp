#include "core/chat_template/text_functions.h"

#include <utf8proc.h>

#include <algorithm>

#include "core/tokenizer/utf8.h"

namespace deskhand::jinja {
namespace {

bool is_letter(char32_t code) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      return false;
  }
}

void append_upper(std::string& to, const Utf8Char& c, std::string_view bytes) {
  if (!c.valid) {
    to += bytes;
  } else if (c.code == U'ß') {
    to += "SS";
  } else {
    append_utf8(to, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c.code))));
  }
}

void append_lower(std::string& to, const Utf8Char& c, std::string_view bytes) {
  if (!c.valid) {
    to += bytes;
  } else {
    append_utf8(to, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c.code))));
  }
}

template <typename Use>
void each_character(std::string_view text, Use use) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = next_utf8(text, at);
    use(c, text.substr(at, c.length));
    at += c.length;
  }
}

/// Words between runs of white space, and where each begins.
std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = std::string_view::npos;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = next_utf8(text, at);
    if (is_python_space(c.code)) {
      if (begin != std::string_view::npos) words.push_back(text.substr(begin, at - begin));
      begin = std::string_view::npos;
    } else if (begin == std::string_view::npos) {
      begin = at;
    }
    at += c.length;
  }
  if (begin != std::string_view::npos) words.push_back(text.substr(begin));
  return words;
}

std::string_view between(std::string_view text, std::string_view first, std::string_view last) {
  const auto begin = static_cast<size_t>(first.data() - text.data());
  const auto end = static_cast<size_t>(last.data() - text.data()) + last.size();
  return text.substr(begin, end - begin);
}

}  // namespace

bool is_python_space(char32_t code) {
  return (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x20) || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
         code == 0x205F || code == 0x3000;
}

size_t count_characters(std::string_view text) {
  size_t count = 0;
  each_character(text, [&](const Utf8Char&, std::string_view) { ++count; });
  return count;
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> out;
  each_character(text, [&](const Utf8Char&, std::string_view bytes) { out.push_back(bytes); });
  return out;
}

std::string_view strip(std::string_view text, std::optional<std::string_view> set, Side side) {
  const std::vector<std::string_view> wanted = set ? characters(*set) : std::vector<std::string_view>{};
  const auto goes = [&](std::string_view character) {
    if (!set) return is_python_space(next_utf8(character, 0).code);
    return std::find(wanted.begin(), wanted.end(), character) != wanted.end();
  };
  while (side != Side::right && !text.empty()) {
    const uint32_t length = next_utf8(text, 0).length;
    if (!goes(text.substr(0, length))) break;
    text.remove_prefix(length);
  }
  while (side != Side::left && !text.empty()) {
    size_t begin = text.size() - 1;
    while (begin > 0 && text.size() - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    if (!goes(text.substr(begin))) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, std::optional<std::string_view> separator, int64_t most) {
  std::vector<std::string_view> parts;
  if (!separator) {
    parts = words_of(text);
    if (most >= 0 && parts.size() > static_cast<size_t>(most) + 1) {
      const auto last = static_cast<size_t>(most);
      parts[last] = strip(between(text, parts[last], text.substr(text.size())), {}, Side::left);
      parts.resize(last + 1);
    }
    return parts;
  }
  if (separator->empty()) throw Failure("empty separator");
  size_t at = 0;
  while (most < 0 || parts.size() < static_cast<size_t>(most)) {
    const size_t next = text.find(*separator, at);
    if (next == std::string_view::npos) break;
    parts.push_back(text.substr(at, next - at));
    at = next + separator->size();
  }
  parts.push_back(text.substr(at));
  return parts;
}

std::vector<std::string_view> split_right(std::string_view text, std::optional<std::string_view> separator,
                                          int64_t most) {
  std::vector<std::string_view> parts;
  if (!separator) {
    parts = words_of(text);
    if (most >= 0 && parts.size() > static_cast<size_t>(most) + 1) {
      const size_t merged = parts.size() - static_cast<size_t>(most) - 1;
      parts[merged] = between(text, text.substr(0, 0), parts[merged]);
      parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(merged));
    }
    return parts;
  }
  if (separator->empty()) throw Failure("empty separator");
  while (most < 0 || parts.size() < static_cast<size_t>(most)) {
    const size_t next = text.rfind(*separator);
    if (next == std::string_view::npos) break;
    parts.push_back(text.substr(next + separator->size()));
    text = text.substr(0, next);
  }
  parts.push_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = next_utf8(text, at);
    size_t end = at + c.length;
    const bool breaks = (c.code >= 0x0A && c.code <= 0x0D) || (c.code >= 0x1C && c.code <= 0x1E) || c.code == 0x85 ||
                        c.code == 0x2028 || c.code == 0x2029;
    if (c.code == '\r' && end < text.size() && text[end] == '\n') ++end;
    if (breaks) {
      lines.push_back(text.substr(begin, (keep_ends ? end : at) - begin));
      begin = end;
    }
    at = end;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

std::string replace(std::string_view text, std::string_view old, std::string_view with, int64_t most, Budget& budget) {
  std::string out;
  size_t at = 0;
  const auto add = [&](std::string_view part) {
    if (out.size() + part.size() > Budget::max_text) throw Failure("the template makes too much text");
    out += part;
  };
  for (int64_t done = 0; most < 0 || done < most; ++done) {
    size_t next = text.find(old, at);
    if (old.empty()) next = at;  // between all characters
    if (next == std::string_view::npos || next > text.size()) break;
    add(text.substr(at, next - at));
    add(with);
    budget.step();
    if (!old.empty()) {
      at = next + old.size();
      continue;
    }
    if (at >= text.size()) {
      at = text.size() + 1;
      break;
    }
    const uint32_t length = next_utf8(text, at).length;
    add(text.substr(at, length));
    at += length;
  }
  if (at <= text.size()) add(text.substr(at));
  budget.make_text(out.size());
  return out;
}

std::string upper(std::string_view text) {
  std::string out;
  each_character(text, [&](const Utf8Char& c, std::string_view bytes) { append_upper(out, c, bytes); });
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  each_character(text, [&](const Utf8Char& c, std::string_view bytes) { append_lower(out, c, bytes); });
  return out;
}

std::string capitalize(std::string_view text) {
  std::string out;
  each_character(text, [&](const Utf8Char& c, std::string_view bytes) {
    out.empty() ? append_upper(out, c, bytes) : append_lower(out, c, bytes);
  });
  return out;
}

std::string title(std::string_view text, Words words) {
  std::string out;
  bool begins = true;
  each_character(text, [&](const Utf8Char& c, std::string_view bytes) {
    begins ? append_upper(out, c, bytes) : append_lower(out, c, bytes);
    if (words == Words::method) {
      begins = !is_letter(c.code);
    } else {
      constexpr std::string_view breaks = "-({[<";
      begins = is_python_space(c.code) || (c.code < 0x80 && breaks.find(static_cast<char>(c.code)) != breaks.npos);
    }
  });
  return out;
}

std::string escape_html(std::string_view text, Budget& budget) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out.push_back(c);
    }
  }
  budget.make_text(out.size());
  return out;
}

}  // namespace deskhand::jinja
