// The tests: x is name(arguments).

#include <fmt/format.h>

#include <algorithm>

#include "core/chat_template/filters.h"
#include "core/chat_template/given.h"
#include "core/chat_template/interpreter.h"
#include "core/chat_template/operators.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

struct Test {
  std::string_view name;
  bool (*holds)(Interpreter& in, const Value& value, const Arguments& arguments);
};

const Value& operand(const Arguments& arguments) {
  if (arguments.positional.size() != 1) throw Failure("this test takes one argument");
  return arguments.positional[0];
}

int64_t integer(const Value& value) {
  int64_t number = 0;
  if (!value.present().as_integer(number)) {
    throw Failure(fmt::format("not all arguments converted: an integer is needed, not {}", value.type_name()));
  }
  return number;
}

bool is_sequence(Interpreter&, const Value& v, const Arguments&) {
  const Sequence* s = v.if_sequence();
  const bool indexed = s != nullptr && s->kind != Sequence::Kind::view && s->kind != Sequence::Kind::generator;
  return indexed || v.if_text() != nullptr || v.if_mapping() != nullptr || v.is_missing();
}

bool is_iterable(Interpreter&, const Value& v, const Arguments&) {
  return v.if_sequence() != nullptr || v.if_text() != nullptr || v.if_mapping() != nullptr || v.is_missing();
}

bool is_number(Interpreter&, const Value& v, const Arguments&) {
  double number = 0;
  return v.as_number(number);
}

bool divisible(Interpreter&, const Value& v, const Arguments& a) {
  const int64_t by = integer(operand(a));
  if (by == 0) throw Failure("integer division or modulo by zero");
  return by == -1 || integer(v) % by == 0;
}

template <int order>  // 0: <, 1: <=, 2: >, 3: >=
bool compares(Interpreter& in, const Value& v, const Arguments& a) {
  constexpr std::string_view ops[] = {"<", "<=", ">", ">="};
  return ordered(ops[order], v, operand(a), in.budget());
}

bool equals(Interpreter& in, const Value& v, const Arguments& a) {
  return equal(v, operand(a), in.budget());
}
bool differs(Interpreter& in, const Value& v, const Arguments& a) {
  return !equal(v, operand(a), in.budget());
}
bool is_in(Interpreter& in, const Value& v, const Arguments& a) {
  return contains(operand(a), v, in.budget());
}

bool is_filter(Interpreter& in, const Value& v, const Arguments&) {
  const std::string name = in.str(v);
  const auto has = [&](std::span<const Filter> filters) {
    return std::any_of(filters.begin(), filters.end(), [&](const Filter& f) { return f.name == name; });
  };
  return has(text_filters()) || has(sequence_filters());
}

bool is_same(Interpreter& in, const Value& v, const Arguments& a) {
  const Value& other = operand(a);
  return v.type_name() == other.type_name() && equal(v, other, in.budget());
}

constexpr Test table[] = {
    {"defined", [](Interpreter&, const Value& v, const Arguments&) { return !v.is_missing(); }},
    {"undefined", [](Interpreter&, const Value& v, const Arguments&) { return v.is_missing(); }},
    {"none", [](Interpreter&, const Value& v, const Arguments&) { return v.is_none(); }},
    {"string", [](Interpreter&, const Value& v, const Arguments&) { return v.if_text() != nullptr; }},
    {"mapping", [](Interpreter&, const Value& v, const Arguments&) { return v.if_mapping() != nullptr; }},
    {"sequence", is_sequence},
    {"iterable", is_iterable},
    {"number", is_number},
    {"integer", [](Interpreter&, const Value& v, const Arguments&) { return v.if_integer() != nullptr; }},
    {"float", [](Interpreter&, const Value& v, const Arguments&) { return v.if_float() != nullptr; }},
    {"boolean", [](Interpreter&, const Value& v, const Arguments&) { return v.if_bool() != nullptr; }},
    {"true", [](Interpreter&, const Value& v, const Arguments&) { return v.if_bool() != nullptr && *v.if_bool(); }},
    {"false", [](Interpreter&, const Value& v, const Arguments&) { return v.if_bool() != nullptr && !*v.if_bool(); }},
    {"callable", [](Interpreter&, const Value& v,
                    const Arguments&) { return v.if_object() != nullptr && v.if_object()->callable(); }},
    {"odd", [](Interpreter&, const Value& v, const Arguments&) { return integer(v) % 2 != 0; }},
    {"even", [](Interpreter&, const Value& v, const Arguments&) { return integer(v) % 2 == 0; }},
    {"divisibleby", divisible},
    {"in", is_in},
    {"eq", equals},
    {"equalto", equals},
    {"==", equals},
    {"ne", differs},
    {"!=", differs},
    {"lt", compares<0>},
    {"lessthan", compares<0>},
    {"<", compares<0>},
    {"le", compares<1>},
    {"<=", compares<1>},
    {"gt", compares<2>},
    {"greaterthan", compares<2>},
    {">", compares<2>},
    {"ge", compares<3>},
    {">=", compares<3>},
    {"sameas", is_same},
    {"filter", is_filter},
    {"escaped", [](Interpreter&, const Value& v, const Arguments&) { return v.is_safe_text(); }},
    {"upper", [](Interpreter& in, const Value& v,
                 const Arguments&) { return in.str(v) == upper(in.str(v)) && in.str(v) != lower(in.str(v)); }},
    {"lower", [](Interpreter& in, const Value& v,
                 const Arguments&) { return in.str(v) == lower(in.str(v)) && in.str(v) != upper(in.str(v)); }},
};

}  // namespace

bool Interpreter::test(std::string_view name, const Value& input, const Arguments& arguments) {
  budget_.step();
  for (const Test& known : table) {
    if (known.name == name) return known.holds(*this, input, arguments);
  }
  throw Failure(fmt::format("No test named '{}'.", name));
}

}  // namespace deskhand::jinja
