#include "core/chat_template/python_text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/tokenizer/utf8.h"

namespace deskhand::jinja {
namespace {

bool is_printable(char32_t code) {
  if (code == ' ') return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

std::string repr_text(const std::string& text) {
  const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string out(1, quote);
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = next_utf8(text, at);
    const std::string_view character = std::string_view(text).substr(at, c.length);
    at += c.length;
    if (!c.valid) {
      for (const char byte : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    } else if (c.code == static_cast<char32_t>(quote) || c.code == '\\') {
      out.push_back('\\');
      out += character;
    } else if (c.code == '\n') {
      out += "\\n";
    } else if (c.code == '\r') {
      out += "\\r";
    } else if (c.code == '\t') {
      out += "\\t";
    } else if (is_printable(c.code)) {
      out += character;
    } else if (c.code < 0x100) {
      out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c.code));
    } else if (c.code < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(c.code));
    } else {
      out += fmt::format("\\U{:08x}", static_cast<uint32_t>(c.code));
    }
  }
  out.push_back(quote);
  return out;
}

std::string repr_sequence(const Sequence& sequence, Budget& budget) {
  using Kind = Sequence::Kind;
  if (sequence.kind == Kind::generator) return "<generator object>";
  std::string out;
  for (const Value& item : sequence.items) {
    if (!out.empty()) out += ", ";
    out += python_repr(item, budget);
  }
  budget.make_text(out.size());
  if (sequence.kind == Kind::tuple) return sequence.items.size() == 1 ? "(" + out + ",)" : "(" + out + ")";
  return sequence.kind == Kind::view ? "dict_items([" + out + "])" : "[" + out + "]";
}

class JsonWriter {
 public:
  JsonWriter(const JsonStyle& style, Budget& budget) : style_(style), budget_(budget) {}

  void write(const Value& value, size_t level) {
    const Budget::Deeper deeper(budget_);
    budget_.step();
    if (const std::string* text = value.if_text()) {
      write_text(*text);
    } else if (const Mapping* mapping = value.if_mapping()) {
      write_mapping(*mapping, level);
    } else if (const Sequence* sequence = value.if_sequence();
               sequence != nullptr &&
               (sequence->kind == Sequence::Kind::list || sequence->kind == Sequence::Kind::tuple)) {
      write_list(sequence->items, level);
    } else if (!write_scalar(value)) {
      throw Failure(fmt::format("Object of type {} is not JSON serializable", value.type_name()));
    }
  }
  std::string take() {
    budget_.make_text(out_.size());
    return std::move(out_);
  }

 private:
  static std::string scalar(const Value& value) {
    if (value.is_none()) return "null";
    if (const bool* b = value.if_bool()) return *b ? "true" : "false";
    if (const int64_t* i = value.if_integer()) return fmt::format("{}", *i);
    const double* d = value.if_float();
    if (d == nullptr) return {};
    if (std::isnan(*d)) return "NaN";
    return std::isinf(*d) ? (*d > 0 ? "Infinity" : "-Infinity") : python_float(*d);
  }
  bool write_scalar(const Value& value) {
    const std::string text = scalar(value);
    out_ += text;
    return !text.empty();
  }

  void new_line(size_t level) {
    if (!style_.indent) return;
    if (style_.indent->size() * level > Budget::max_text) throw Failure("the template makes too much text");
    out_.push_back('\n');
    for (size_t i = 0; i < level; ++i) out_ += *style_.indent;
    if (out_.size() > Budget::max_text) throw Failure("the template makes too much text");
  }

  void write_list(const Values& items, size_t level) {
    out_.push_back('[');
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line(level + 1);
      write(items[i], level + 1);
    }
    if (!items.empty()) new_line(level);
    out_.push_back(']');
  }

  void write_mapping(const Mapping& mapping, size_t level) {
    std::vector<std::pair<std::string, const Value*>> items;
    for (const auto& [key, value] : mapping.items()) {
      const std::string* text = key.if_text();
      items.emplace_back(text != nullptr ? *text : scalar(key), &value);
      if (text == nullptr && items.back().first.empty()) {
        throw Failure(fmt::format("keys must be str, int, float, bool or None, not {}", key.type_name()));
      }
    }
    if (style_.sort_keys) {
      std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    out_.push_back('{');
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line(level + 1);
      write_text(items[i].first);
      out_ += style_.key_separator;
      write(*items[i].second, level + 1);
    }
    if (!items.empty()) new_line(level);
    out_.push_back('}');
  }

  void write_text(std::string_view text) {
    out_.push_back('"');
    for (size_t at = 0; at < text.size();) {
      const Utf8Char c = next_utf8(text, at);
      write_character(c, text.substr(at, c.length));
      at += c.length;
    }
    out_.push_back('"');
    if (out_.size() > Budget::max_text) throw Failure("the template makes too much text");
  }

  void write_character(const Utf8Char& c, std::string_view bytes) {
    constexpr std::string_view escaped = "\"\\\n\r\t\b\f", names = "\"\\nrtbf";
    const size_t place = c.code < 0x80 ? escaped.find(static_cast<char>(c.code)) : std::string_view::npos;
    if (place != std::string_view::npos) {
      out_.push_back('\\');
      out_.push_back(names[place]);
    } else if (c.code < 0x20 || (style_.ensure_ascii && c.code > 0x7E && c.code < 0x10000)) {
      out_ += fmt::format("\\u{:04x}", static_cast<uint32_t>(c.code));
    } else if (style_.ensure_ascii && c.code >= 0x10000) {
      const auto offset = static_cast<uint32_t>(c.code) - 0x10000;
      out_ += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (offset >> 10), 0xDC00 + (offset & 0x3FF));
    } else {
      out_ += bytes;
    }
  }

  const JsonStyle& style_;
  Budget& budget_;
  std::string out_;
};

}  // namespace

std::string python_float(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  const std::string_view shortest(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()));
  const size_t e = shortest.find('e');
  const int exponent = std::stoi(std::string(shortest.substr(e + 1)));
  if (exponent < -4 || exponent >= 16) {
    return fmt::format("{}e{}{:02d}", shortest.substr(0, e), exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  std::string out(buffer.data(), fixed.ptr);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string python_repr(const Value& value, Budget& budget) {
  const Budget::Deeper deeper(budget);
  budget.step();
  if (const std::string* text = value.if_text()) {
    budget.make_text(text->size());
    return value.is_safe_text() ? "Markup(" + repr_text(*text) + ")" : repr_text(*text);
  }
  if (const Sequence* sequence = value.if_sequence()) return repr_sequence(*sequence, budget);
  if (const Mapping* mapping = value.if_mapping()) {
    std::string out = "{";
    for (const auto& [key, item] : mapping->items()) {
      if (out.size() > 1) out += ", ";
      out += python_repr(key, budget) + ": " + python_repr(item, budget);
    }
    budget.make_text(out.size());
    return out + "}";
  }
  return value.is_missing() ? "Undefined" : python_str(value, budget);
}

std::string python_str(const Value& value, Budget& budget) {
  if (value.is_missing()) return {};
  if (const std::string* text = value.if_text()) {
    budget.make_text(text->size());
    return *text;
  }
  if (value.is_none()) return "None";
  if (const bool* b = value.if_bool()) return *b ? "True" : "False";
  if (const int64_t* i = value.if_integer()) return fmt::format("{}", *i);
  if (const double* d = value.if_float()) return python_float(*d);
  if (const Object* object = value.if_object()) return fmt::format("<{}>", object->type_name());
  return python_repr(value, budget);
}

std::string python_json(const Value& value, const JsonStyle& style, Budget& budget) {
  JsonWriter writer(style, budget);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace deskhand::jinja
