#include <fmt/format.h>

#include <algorithm>

#include "core/chat_template/interpreter.h"
#include "core/chat_template/methods.h"
#include "core/chat_template/operators.h"
#include "core/chat_template/python_text.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

using Kind = Expression::Kind;

/// Jinja's words for what an attribute was looked for in.
std::string owner_name(const Value& value) {
  return value.is_none() ? "None" : fmt::format("{} object", value.type_name());
}

Value missing_attribute(const Value& owner, std::string_view name) {
  return Value::missing(fmt::format("'{}' has no attribute '{}'", owner_name(owner), name));
}

/// The index that Python's slice bound means in a sequence of `size`, between `low` and `high`.
int64_t bound(const Value& given, int64_t otherwise, int64_t size, int64_t low, int64_t high) {
  if (given.is_none()) return otherwise;
  int64_t index = 0;
  given.present();
  if (!given.as_integer(index)) throw Failure("slice indices must be integers or None or have an __index__ method");
  return std::clamp(index < 0 ? index + size : index, low, high);
}

}  // namespace

Value Interpreter::name(const std::string& name) {
  const Value* value = scope_->find(name);
  return value != nullptr ? *value : Value::missing(fmt::format("'{}' is undefined", name));
}

Values Interpreter::evaluate_all(const Expressions& parts) {
  Values values;
  values.reserve(parts.size());
  for (const ExpressionPtr& part : parts) values.push_back(evaluate(*part));
  return values;
}

Arguments Interpreter::evaluate_arguments(const CallArguments& arguments) {
  Arguments out;
  out.positional = evaluate_all(arguments.positional);
  for (const auto& [key, part] : arguments.named) out.named.emplace_back(key, evaluate(*part));
  if (arguments.star) {
    const Values more = iterate(evaluate(*arguments.star).present());
    out.positional.insert(out.positional.end(), more.begin(), more.end());
  }
  if (arguments.star_star) {
    const Value more = evaluate(*arguments.star_star);
    if (more.if_mapping() == nullptr) throw Failure("argument after ** must be a mapping");
    for (const auto& [key, value] : more.if_mapping()->items()) out.named.emplace_back(str(key), value);
  }
  budget_.step(out.positional.size() + out.named.size());
  return out;
}

Value Interpreter::evaluate(const Expression& e) {
  const Budget::Deeper level(budget_);
  budget_.step();
  line_ = e.line;
  switch (e.kind) {
    case Kind::constant:
      return e.value;
    case Kind::name:
      return name(e.name);
    case Kind::list:
      return Value::sequence(evaluate_all(e.parts));
    case Kind::tuple:
      return Value::sequence(evaluate_all(e.parts), Sequence::Kind::tuple);
    case Kind::mapping:
      return evaluate_mapping(e);
    case Kind::attribute:
      return attribute(evaluate(*e.parts[0]), e.name);
    case Kind::item:
      return evaluate_item(e);
    case Kind::call:
      return evaluate_call(e);
    case Kind::filter: {
      const Value input = evaluate(*e.parts[0]);
      return filter(e.name, input, evaluate_arguments(e.arguments));
    }
    case Kind::test: {
      const Value input = evaluate(*e.parts[0]);
      return test(e.name, input, evaluate_arguments(e.arguments));
    }
    default:
      return evaluate_operator(e);
  }
}

Value Interpreter::evaluate_operator(const Expression& e) {
  switch (e.kind) {
    case Kind::negate:
    case Kind::plus:
    case Kind::invert:
      return evaluate_unary(e);
    case Kind::chain:
      return evaluate_chain(e);
    case Kind::concat: {
      std::string joined;
      for (const Value& part : evaluate_all(e.parts)) joined += str(part);
      budget_.make_text(joined.size());
      return Value::text(std::move(joined));
    }
    case Kind::compare:
      return evaluate_compare(e);
    case Kind::all:
    case Kind::any: {
      Value value;
      for (const ExpressionPtr& part : e.parts) {
        value = evaluate(*part);
        if (value.truth() == (e.kind == Kind::any)) break;
      }
      return value;
    }
    case Kind::conditional:
      if (evaluate(*e.parts[1]).truth()) return evaluate(*e.parts[0]);
      if (e.parts[2]) return evaluate(*e.parts[2]);
      return Value::missing("the inline if-expression evaluated to false and no else section was defined.");
    default:
      throw Failure("a slice is only allowed in a subscript");
  }
}

Value Interpreter::evaluate_mapping(const Expression& e) {
  Mapping mapping;
  for (size_t i = 0; i + 1 < e.parts.size(); i += 2) {
    const Value key = evaluate(*e.parts[i]);
    mapping.set(key, evaluate(*e.parts[i + 1]));
  }
  return Value::mapping(std::move(mapping));
}

Value Interpreter::evaluate_unary(const Expression& e) {
  const Value operand = evaluate(*e.parts[0]);
  if (e.kind == Kind::invert) return !operand.truth();
  operand.present();
  if (e.kind == Kind::negate && operand.if_float() != nullptr) return -*operand.if_float();
  double number = 0;
  if (!operand.as_number(number)) {
    throw Failure(
        fmt::format("bad operand type for unary {}: '{}'", e.kind == Kind::negate ? '-' : '+', operand.type_name()));
  }
  return arithmetic(e.kind == Kind::negate ? "-" : "+", Value(int64_t{0}), operand, budget_);
}

Value Interpreter::evaluate_chain(const Expression& e) {
  Value value = evaluate(*e.parts[0]);
  for (size_t i = 0; i < e.operators.size(); ++i) {
    const Value right = evaluate(*e.parts[i + 1]);
    value = arithmetic(e.operators[i], value, right, budget_);
  }
  return value;
}

Value Interpreter::evaluate_compare(const Expression& e) {
  Value left = evaluate(*e.parts[0]);
  for (size_t i = 0; i < e.operators.size(); ++i) {
    Value right = evaluate(*e.parts[i + 1]);
    const std::string& op = e.operators[i];
    bool holds = false;
    if (op == "==" || op == "!=") {
      holds = equal(left, right, budget_) == (op == "==");
    } else if (op == "in" || op == "notin") {
      holds = contains(right, left, budget_) == (op == "in");
    } else {
      holds = ordered(op, left, right, budget_);
    }
    if (!holds) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::evaluate_call(const Expression& e) {
  const Value callee = evaluate(*e.parts[0]);
  const Arguments arguments = evaluate_arguments(e.arguments);
  line_ = e.line;
  return call(callee, arguments);
}

Value Interpreter::call(const Value& callee, const Arguments& arguments) {
  callee.present();
  Object* object = callee.if_object();
  if (object == nullptr) throw Failure(fmt::format("'{}' object is not callable", callee.type_name()));
  return object->call(*this, arguments);
}

Value Interpreter::attribute(const Value& value, std::string_view name) {
  value.present();
  if (name.starts_with("__")) {
    return Value::missing(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, value.type_name()));
  }
  Value found;
  if (Object* object = value.if_object()) {
    return object->attribute(*this, name, found) ? found : missing_attribute(value, name);
  }
  if (find_method(value, name, found)) return found;
  if (const Mapping* mapping = value.if_mapping()) {
    if (const Value* item = mapping->find(Value::text(std::string(name)))) return *item;
  }
  return missing_attribute(value, name);
}

Value Interpreter::item(const Value& value, const Value& key) {
  value.present();
  int64_t index = 0;
  if (const Mapping* mapping = value.if_mapping()) {
    if (const Value* found = mapping->find(key)) return *found;
  } else if (key.as_integer(index)) {
    const Sequence* sequence = value.if_sequence();
    const bool indexed =
        sequence != nullptr && sequence->kind != Sequence::Kind::view && sequence->kind != Sequence::Kind::generator;
    if (indexed) {
      const auto size = static_cast<int64_t>(sequence->items.size());
      if (index < 0) index += size;
      if (index >= 0 && index < size) return sequence->items[static_cast<size_t>(index)];
    } else if (const std::string* text = value.if_text()) {
      budget_.step(text->size() / 16);
      const std::vector<std::string_view> all = characters(*text);
      if (index < 0) index += static_cast<int64_t>(all.size());
      if (index >= 0 && index < static_cast<int64_t>(all.size())) {
        return Value::text(std::string(all[static_cast<size_t>(index)]));
      }
    }
  }
  if (const std::string* name = key.if_text()) return attribute(value, *name);
  return Value::missing(fmt::format("{} has no element {}", owner_name(value), python_repr(key, budget_)));
}

Value Interpreter::evaluate_item(const Expression& e) {
  const Value value = evaluate(*e.parts[0]);
  if (e.parts[1]->kind == Kind::slice) return slice(value, *e.parts[1]);
  return item(value, evaluate(*e.parts[1]));
}

Value Interpreter::slice(const Value& value, const Expression& parts) {
  value.present();
  Value given[3];
  for (size_t i = 0; i < 3; ++i) {
    if (parts.parts[i]) given[i] = evaluate(*parts.parts[i]);
  }
  const std::string* text = value.if_text();
  const Sequence* sequence = value.if_sequence();
  if (text == nullptr &&
      (sequence == nullptr || sequence->kind == Sequence::Kind::view || sequence->kind == Sequence::Kind::generator)) {
    return Value::missing(fmt::format("{} has no element slice", owner_name(value)));
  }
  const std::vector<std::string_view> all = text != nullptr ? characters(*text) : std::vector<std::string_view>{};
  const auto size = static_cast<int64_t>(text != nullptr ? all.size() : sequence->items.size());
  budget_.make_items(static_cast<size_t>(size));
  int64_t step = 1;
  if (!given[2].is_none() && !given[2].present().as_integer(step))
    throw Failure("slice indices must be integers or None");
  if (step == 0) throw Failure("slice step cannot be zero");
  step = std::clamp<int64_t>(step, -size - 1, size + 1);
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const int64_t start = bound(given[0], step > 0 ? low : high, size, low, high);
  const int64_t stop = bound(given[1], step > 0 ? high : low, size, low, high);
  std::string out;
  Values items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
    if (text != nullptr) {
      out += all[static_cast<size_t>(i)];
    } else {
      items.push_back(sequence->items[static_cast<size_t>(i)]);
    }
  }
  if (text != nullptr) return Value::text(std::move(out));
  return Value::sequence(std::move(items), sequence->kind);
}

Values Interpreter::iterate(const Value& value) {
  Values items;
  if (const Sequence* sequence = value.if_sequence()) {
    items = sequence->items;
  } else if (const Mapping* mapping = value.if_mapping()) {
    for (const auto& [key, item] : mapping->items()) items.push_back(key);
  } else if (const std::string* text = value.if_text()) {
    for (const std::string_view character : characters(*text)) items.push_back(Value::text(std::string(character)));
  } else if (!value.is_missing()) {
    throw Failure(fmt::format("'{}' object is not iterable", value.type_name()));
  }
  budget_.make_items(items.size());
  return items;
}

}  // namespace deskhand::jinja
