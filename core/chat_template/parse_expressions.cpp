#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/chat_template/parser.h"

namespace deskhand::jinja {

using Kind = Expression::Kind;

ExpressionPtr Parser::make(Kind kind) const {
  auto node = std::make_unique<Expression>();
  node->kind = kind;
  node->line = current().line;
  return node;
}

bool Parser::ends_tuple(Names ends) const {
  const Token::Type type = current().type;
  return type == Token::Type::variable_end || type == Token::Type::block_end || at_op(")") || at_any_name(ends);
}

ExpressionPtr Parser::parse_tuple(bool with_condition, Names ends, bool in_parentheses) {
  ExpressionPtr tuple = make(Kind::tuple);
  bool is_tuple = false;
  while (!ends_tuple(ends)) {
    tuple->parts.push_back(with_condition ? parse_expression() : parse_or());
    if (!skip_op(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && tuple->parts.size() == 1) return std::move(tuple->parts.front());
  if (tuple->parts.empty() && !in_parentheses) fail("Expected an expression");
  return tuple;
}

ExpressionPtr Parser::parse_expression() {
  const Budget::Deeper level(budget_);
  ExpressionPtr value = parse_or();
  while (skip_name("if")) {
    ExpressionPtr node = make(Kind::conditional);
    node->parts.push_back(std::move(value));
    node->parts.push_back(parse_or());
    node->parts.push_back(skip_name("else") ? parse_expression() : nullptr);
    value = std::move(node);
  }
  return value;
}

ExpressionPtr Parser::parse_or() {
  ExpressionPtr first = parse_and();
  if (!at_name("or")) return first;
  ExpressionPtr node = make(Kind::any);
  node->parts.push_back(std::move(first));
  while (skip_name("or")) node->parts.push_back(parse_and());
  return node;
}

ExpressionPtr Parser::parse_and() {
  ExpressionPtr first = parse_not();
  if (!at_name("and")) return first;
  ExpressionPtr node = make(Kind::all);
  node->parts.push_back(std::move(first));
  while (skip_name("and")) node->parts.push_back(parse_not());
  return node;
}

ExpressionPtr Parser::parse_not() {
  if (!at_name("not")) return parse_compare();
  const Budget::Deeper level(budget_);
  ExpressionPtr node = make(Kind::invert);
  next();
  node->parts.push_back(parse_not());
  return node;
}

ExpressionPtr Parser::parse_compare() {
  ExpressionPtr first = parse_sum();
  ExpressionPtr node;
  const auto add = [&](std::string op) {
    if (!node) {
      node = make(Kind::compare);
      node->parts.push_back(std::move(first));
    }
    node->operators.push_back(std::move(op));
    node->parts.push_back(parse_sum());
  };
  while (true) {
    const bool relation = at_op("==") || at_op("!=") || at_op("<") || at_op("<=") || at_op(">") || at_op(">=");
    if (relation) {
      add(next().text);
    } else if (skip_name("in")) {
      add("in");
    } else if (at_name("not") && look().is_name("in")) {
      next();
      next();
      add("notin");
    } else {
      break;
    }
  }
  return node ? std::move(node) : std::move(first);
}

ExpressionPtr Parser::parse_sum() {
  ExpressionPtr first = parse_concat();
  if (!at_op("+") && !at_op("-")) return first;
  ExpressionPtr node = make(Kind::chain);
  node->parts.push_back(std::move(first));
  while (at_op("+") || at_op("-")) {
    node->operators.push_back(next().text);
    node->parts.push_back(parse_concat());
  }
  return node;
}

ExpressionPtr Parser::parse_concat() {
  ExpressionPtr first = parse_product();
  if (!at_op("~")) return first;
  ExpressionPtr node = make(Kind::concat);
  node->parts.push_back(std::move(first));
  while (skip_op("~")) node->parts.push_back(parse_product());
  return node;
}

ExpressionPtr Parser::parse_product() {
  ExpressionPtr first = parse_power();
  const auto at_product = [&] { return at_op("*") || at_op("/") || at_op("//") || at_op("%"); };
  if (!at_product()) return first;
  ExpressionPtr node = make(Kind::chain);
  node->parts.push_back(std::move(first));
  while (at_product()) {
    node->operators.push_back(next().text);
    node->parts.push_back(parse_power());
  }
  return node;
}

ExpressionPtr Parser::parse_power() {
  ExpressionPtr first = parse_unary(true);
  if (!at_op("**")) return first;
  ExpressionPtr node = make(Kind::chain);
  node->parts.push_back(std::move(first));
  while (at_op("**")) {
    node->operators.push_back(next().text);
    node->parts.push_back(parse_unary(true));
  }
  return node;
}

ExpressionPtr Parser::parse_unary(bool with_filters) {
  const Budget::Deeper level(budget_);
  ExpressionPtr node;
  if (at_op("-") || at_op("+")) {
    node = make(at_op("-") ? Kind::negate : Kind::plus);
    next();
    node->parts.push_back(parse_unary(false));
  } else {
    node = parse_primary();
  }
  node = parse_postfix(std::move(node));
  return with_filters ? parse_filters(std::move(node)) : std::move(node);
}

ExpressionPtr Parser::parse_primary() {
  switch (current().type) {
    case Token::Type::name:
      return parse_name();
    case Token::Type::text: {
      ExpressionPtr node = make(Kind::constant);
      std::string text;
      while (current().type == Token::Type::text) text += next().text;
      node->value = Value::text(std::move(text));
      return node;
    }
    case Token::Type::integer:
    case Token::Type::floating:
      return parse_number();
    default:
      break;
  }
  if (skip_op("(")) {
    ExpressionPtr node = parse_tuple(true, {}, true);
    expect_op(")");
    return node;
  }
  if (at_op("[")) return parse_list();
  if (at_op("{")) return parse_mapping();
  fail(fmt::format("unexpected '{}'", current().text));
}

ExpressionPtr Parser::parse_name() {
  ExpressionPtr node = make(Kind::constant);
  const std::string name = expect_any_name();
  if (name == "true" || name == "True") {
    node->value = true;
  } else if (name == "false" || name == "False") {
    node->value = false;
  } else if (name != "none" && name != "None") {
    node->kind = Kind::name;
    node->name = name;
    for (Function* function : functions_) {
      function->uses_caller |= name == "caller";
      function->uses_named |= name == "kwargs";
      function->uses_positional |= name == "varargs";
    }
  }
  return node;
}

ExpressionPtr Parser::parse_number() {
  ExpressionPtr node = make(Kind::constant);
  const Token token = next();
  const char* begin = token.text.data();
  const char* end = begin + token.text.size();
  std::from_chars_result result{};
  if (token.type == Token::Type::integer) {
    int64_t number = 0;
    result = std::from_chars(begin, end, number);
    node->value = number;
  } else {
    double number = 0;
    result = std::from_chars(begin, end, number);
    node->value = number;
  }
  if (result.ec != std::errc() || result.ptr != end) fail(fmt::format("the number {} is too large", token.text));
  return node;
}

ExpressionPtr Parser::parse_list() {
  ExpressionPtr node = make(Kind::list);
  expect_op("[");
  while (!at_op("]")) {
    if (!node->parts.empty()) expect_op(",");
    if (at_op("]")) break;
    node->parts.push_back(parse_expression());
  }
  expect_op("]");
  return node;
}

ExpressionPtr Parser::parse_mapping() {
  ExpressionPtr node = make(Kind::mapping);
  expect_op("{");
  while (!at_op("}")) {
    if (!node->parts.empty()) expect_op(",");
    if (at_op("}")) break;
    node->parts.push_back(parse_expression());
    expect_op(":");
    node->parts.push_back(parse_expression());
  }
  expect_op("}");
  return node;
}

ExpressionPtr Parser::parse_postfix(ExpressionPtr node) {
  for (int length = 0;; ++length) {
    if (length > Budget::max_depth) fail("too many calls and subscripts in a row");
    if (at_op(".") || at_op("[")) {
      node = parse_subscript(std::move(node));
    } else if (at_op("(")) {
      node = parse_call(std::move(node));
    } else {
      return node;
    }
  }
}

ExpressionPtr Parser::parse_filters(ExpressionPtr node) {
  for (int length = 0;; ++length) {
    if (length > Budget::max_depth) fail("too many filters in a row");
    if (at_op("|")) {
      node = parse_filter(std::move(node));
    } else if (at_name("is")) {
      node = parse_test(std::move(node));
    } else if (at_op("(")) {
      node = parse_call(std::move(node));
    } else {
      return node;
    }
  }
}

ExpressionPtr Parser::parse_filter(ExpressionPtr inner) {
  expect_op("|");
  ExpressionPtr node = make(Kind::filter);
  node->name = expect_any_name();
  node->parts.push_back(std::move(inner));
  if (at_op("(")) node->arguments = parse_arguments();
  return node;
}

ExpressionPtr Parser::parse_test(ExpressionPtr inner) {
  expect_name("is");
  const bool inverted = skip_name("not");
  ExpressionPtr node = make(Kind::test);
  node->name = expect_any_name();
  node->parts.push_back(std::move(inner));
  const Token::Type type = current().type;
  const bool operand = (type == Token::Type::name && !at_any_name({"else", "or", "and"})) ||
                       type == Token::Type::text || type == Token::Type::integer || type == Token::Type::floating ||
                       at_op("[") || at_op("{");
  if (at_op("(")) {
    node->arguments = parse_arguments();
  } else if (operand) {
    if (at_name("is")) fail("You cannot chain multiple tests with is");
    node->arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  if (!inverted) return node;
  ExpressionPtr outer = make(Kind::invert);
  outer->parts.push_back(std::move(node));
  return outer;
}

ExpressionPtr Parser::parse_subscript(ExpressionPtr inner) {
  if (skip_op(".")) {
    const bool named = current().type == Token::Type::name;
    ExpressionPtr node = make(named ? Kind::attribute : Kind::item);
    node->parts.push_back(std::move(inner));
    if (named) {
      node->name = next().text;
    } else if (current().type == Token::Type::integer) {
      node->parts.push_back(parse_number());
    } else {
      fail("expected name or number");
    }
    return node;
  }
  ExpressionPtr node = make(Kind::item);
  expect_op("[");
  Expressions parts;
  while (!at_op("]")) {
    if (!parts.empty()) expect_op(",");
    parts.push_back(parse_subscribed());
  }
  expect_op("]");
  node->parts.push_back(std::move(inner));
  if (parts.size() == 1) {
    node->parts.push_back(std::move(parts.front()));
  } else {
    node->parts.push_back(make(Kind::tuple));
    node->parts.back()->parts = std::move(parts);
  }
  return node;
}

ExpressionPtr Parser::parse_subscribed() {
  ExpressionPtr start = at_op(":") ? nullptr : parse_expression();
  if (!at_op(":")) return start;
  ExpressionPtr node = make(Kind::slice);
  node->parts.push_back(std::move(start));
  for (int part = 0; part < 2; ++part) {
    const bool colon = skip_op(":");
    const bool given = colon && !at_op(":") && !at_op("]") && !at_op(",");
    node->parts.push_back(given ? parse_expression() : nullptr);
  }
  return node;
}

ExpressionPtr Parser::parse_call(ExpressionPtr inner) {
  ExpressionPtr node = make(Kind::call);
  node->parts.push_back(std::move(inner));
  node->arguments = parse_arguments();
  return node;
}

CallArguments Parser::parse_arguments() {
  CallArguments arguments;
  expect_op("(");
  for (bool first = true; !at_op(")"); first = false) {
    if (!first) expect_op(",");
    if (at_op(")")) break;
    if (skip_op("*")) {
      if (arguments.star || arguments.star_star) fail("invalid syntax for function call expression");
      arguments.star = parse_expression();
    } else if (skip_op("**")) {
      if (arguments.star_star) fail("invalid syntax for function call expression");
      arguments.star_star = parse_expression();
    } else if (current().type == Token::Type::name && look().is_op("=")) {
      if (arguments.star_star) fail("invalid syntax for function call expression");
      std::string name = next().text;
      next();
      arguments.named.emplace_back(std::move(name), parse_expression());
    } else {
      if (arguments.star || arguments.star_star || !arguments.named.empty()) {
        fail("invalid syntax for function call expression");
      }
      arguments.positional.push_back(parse_expression());
    }
  }
  expect_op(")");
  return arguments;
}

}  // namespace deskhand::jinja
