#include "core/chat_template/operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/chat_template/format.h"
#include "core/chat_template/python_text.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

[[noreturn]] void unsupported(std::string_view op, const Value& a, const Value& b) {
  throw Failure(fmt::format("unsupported operand type(s) for {}: '{}' and '{}'", op, a.type_name(), b.type_name()));
}

[[noreturn]] void too_large() {
  throw Failure("an integer becomes too large");
}

int64_t floor_divide(int64_t a, int64_t b) {
  if (b == 0) throw Failure("integer division or modulo by zero");
  if (b == -1) {
    if (a == INT64_MIN) too_large();
    return -a;
  }
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

Value power(int64_t base, int64_t exponent) {
  if (exponent < 0) return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) too_large();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) too_large();
  }
  return result;
}

Value with_integers(std::string_view op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  if (op == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (op == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (op == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else if (op == "//") {
    result = floor_divide(a, b);
  } else if (op == "%") {
    result = b == -1 ? 0 : a - floor_divide(a, b) * b;
  } else if (op == "/") {
    if (b == 0) throw Failure("division by zero");
    return static_cast<double>(a) / static_cast<double>(b);
  } else {
    return power(a, b);
  }
  if (overflow) too_large();
  return result;
}

Value with_floats(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "**") return std::pow(a, b);
  if (b == 0) throw Failure("float division by zero");
  if (op == "/") return a / b;
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  if (op == "%") return rest;
  return std::floor((a - rest) / b + 0.5);
}

Value repeat(const Value& what, int64_t times, Budget& budget) {
  const auto count = static_cast<size_t>(std::clamp<int64_t>(times, 0, static_cast<int64_t>(Budget::max_text) + 1));
  if (const std::string* text = what.if_text()) {
    budget.make_text(text->size() * count);
    std::string out;
    for (size_t i = 0; i < count && !text->empty(); ++i) out += *text;
    return Value::text(std::move(out));
  }
  const Sequence& sequence = *what.if_sequence();
  budget.make_items(sequence.items.size() * count);
  Values items;
  for (size_t i = 0; i < count && !sequence.items.empty(); ++i) {
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  }
  return Value::sequence(std::move(items), sequence.kind);
}

bool repeats(const Value& value) {
  const Sequence* s = value.if_sequence();
  return value.if_text() != nullptr ||
         (s != nullptr && (s->kind == Sequence::Kind::list || s->kind == Sequence::Kind::tuple));
}

Value join(const Value& a, const Value& b, Budget& budget) {
  const std::string *left = a.if_text(), *right = b.if_text();
  if (left != nullptr && right != nullptr) {
    const bool safe = a.is_safe_text() || b.is_safe_text();
    budget.make_text(left->size() + right->size());
    if (!safe) return Value::text(*left + *right);
    const auto escaped = [&](const Value& v, const std::string& t) {
      return v.is_safe_text() ? t : escape_html(t, budget);
    };
    return Value::text(escaped(a, *left) + escaped(b, *right), true);
  }
  if (left != nullptr) throw Failure(fmt::format("can only concatenate str (not \"{}\") to str", b.type_name()));
  const Sequence *first = a.if_sequence(), *second = b.if_sequence();
  if (first == nullptr || second == nullptr || first->kind != second->kind || !repeats(a)) unsupported("+", a, b);
  budget.make_items(first->items.size() + second->items.size());
  Values items = first->items;
  items.insert(items.end(), second->items.begin(), second->items.end());
  return Value::sequence(std::move(items), first->kind);
}

/// -1, 0, 1; 2 for numbers without order.
int compare_numbers(const Value& a, const Value& b) {
  int64_t i = 0, j = 0;
  if (a.as_integer(i) && b.as_integer(j)) return i < j ? -1 : i > j ? 1 : 0;
  double x = 0, y = 0;
  a.as_number(x);
  b.as_number(y);
  return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
}

bool is_number(const Value& value) {
  double number = 0;
  return value.as_number(number);
}

bool equal_mappings(const Mapping& a, const Mapping& b, Budget& budget) {
  if (a.items().size() != b.items().size()) return false;
  return std::all_of(a.items().begin(), a.items().end(), [&](const Mapping::Item& item) {
    const Value* other = b.find(item.first);
    return other != nullptr && equal(item.second, *other, budget);
  });
}

}  // namespace

Value arithmetic(std::string_view op, const Value& a, const Value& b, Budget& budget) {
  budget.step();
  if (op == "%" && a.if_text() != nullptr) return Value::text(format_percent(*a.if_text(), b, budget));
  a.present();
  b.present();
  if (is_number(a) && is_number(b)) {
    int64_t i = 0, j = 0;
    if (a.as_integer(i) && b.as_integer(j)) return with_integers(op, i, j);
    double x = 0, y = 0;
    a.as_number(x);
    b.as_number(y);
    return with_floats(op, x, y);
  }
  if (op == "+") return join(a, b, budget);
  int64_t times = 0;
  if (op == "*" && repeats(a) && b.as_integer(times)) return repeat(a, times, budget);
  if (op == "*" && repeats(b) && a.as_integer(times)) return repeat(b, times, budget);
  unsupported(op, a, b);
}

bool equal(const Value& a, const Value& b, Budget& budget) {
  const Budget::Deeper level(budget);
  budget.step();
  if (is_number(a) && is_number(b)) return compare_numbers(a, b) == 0;
  if (a.if_text() != nullptr && b.if_text() != nullptr) {
    budget.step(std::min(a.if_text()->size(), b.if_text()->size()) / 64);
    return *a.if_text() == *b.if_text();
  }
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_missing() || b.is_missing()) return a.is_missing() && b.is_missing();
  const Sequence *first = a.if_sequence(), *second = b.if_sequence();
  if (first != nullptr && second != nullptr) {
    if (first == second) return true;
    if (first->kind != second->kind || first->items.size() != second->items.size()) return false;
    return std::equal(first->items.begin(), first->items.end(), second->items.begin(),
                      [&](const Value& x, const Value& y) { return equal(x, y, budget); });
  }
  const Mapping *left = a.if_mapping(), *right = b.if_mapping();
  if (left != nullptr && right != nullptr) return left == right || equal_mappings(*left, *right, budget);
  return a.if_object() != nullptr && a.if_object() == b.if_object();
}

bool ordered(std::string_view op, const Value& a, const Value& b, Budget& budget) {
  const Budget::Deeper level(budget);
  budget.step();
  a.present();
  b.present();
  int order = 2;
  const Sequence *first = a.if_sequence(), *second = b.if_sequence();
  if (is_number(a) && is_number(b)) {
    order = compare_numbers(a, b);
  } else if (a.if_text() != nullptr && b.if_text() != nullptr) {
    budget.step(std::min(a.if_text()->size(), b.if_text()->size()) / 64);
    const int c = a.if_text()->compare(*b.if_text());
    order = c < 0 ? -1 : c > 0 ? 1 : 0;
  } else if (first != nullptr && second != nullptr && first->kind == second->kind && repeats(a)) {
    const size_t common = std::min(first->items.size(), second->items.size());
    for (size_t i = 0; i < common; ++i) {
      if (!equal(first->items[i], second->items[i], budget)) {
        return ordered(op, first->items[i], second->items[i], budget);
      }
    }
    order = first->items.size() < second->items.size() ? -1 : first->items.size() > second->items.size() ? 1 : 0;
  } else {
    throw Failure(
        fmt::format("'{}' not supported between instances of '{}' and '{}'", op, a.type_name(), b.type_name()));
  }
  if (order == 2) return false;
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

bool contains(const Value& haystack, const Value& needle, Budget& budget) {
  budget.step();
  if (const std::string* text = haystack.if_text()) {
    needle.present();
    const std::string* part = needle.if_text();
    if (part == nullptr) {
      throw Failure(fmt::format("'in <string>' requires string as left operand, not {}", needle.type_name()));
    }
    budget.step(text->size() / 64);
    return text->find(*part) != std::string::npos;
  }
  if (const Mapping* mapping = haystack.if_mapping()) {
    return mapping->find(needle) != nullptr;
  }
  if (const Sequence* sequence = haystack.if_sequence()) {
    return std::any_of(sequence->items.begin(), sequence->items.end(),
                       [&](const Value& item) { return equal(item, needle, budget); });
  }
  if (haystack.is_missing()) return false;
  throw Failure(fmt::format("argument of type '{}' is not iterable", haystack.type_name()));
}

}  // namespace deskhand::jinja
