#include <fmt/format.h>

#include <algorithm>

#include "core/chat_template/chat_template.h"
#include "core/chat_template/parser.h"

namespace deskhand::jinja {
namespace {

std::string describe(const Token& token) {
  switch (token.type) {
    case Token::Type::data:
      return "template data";
    case Token::Type::variable_begin:
      return "begin of print statement";
    case Token::Type::variable_end:
      return "end of print statement";
    case Token::Type::block_begin:
      return "begin of statement block";
    case Token::Type::block_end:
      return "end of statement block";
    case Token::Type::end:
      return "end of template";
    default:
      return token.text;
  }
}

}  // namespace

void Parser::fail(const std::string& message) const {
  throw TemplateError(fmt::format("template line {}: {}", current().line, message));
}

Token Parser::next() {
  Token token = current();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::at_any_name(Names names) const {
  return current().type == Token::Type::name && std::find(names.begin(), names.end(), current().text) != names.end();
}

bool Parser::skip_op(std::string_view op) {
  if (!at_op(op)) return false;
  next();
  return true;
}

bool Parser::skip_name(std::string_view name) {
  if (!at_name(name)) return false;
  next();
  return true;
}

void Parser::expect_op(std::string_view op) {
  if (!skip_op(op)) fail(fmt::format("expected token '{}', got '{}'", op, describe(current())));
}

void Parser::expect_name(std::string_view name) {
  if (!skip_name(name)) fail(fmt::format("expected token '{}', got '{}'", name, describe(current())));
}

std::string Parser::expect_any_name() {
  if (current().type != Token::Type::name) fail(fmt::format("expected a name, got '{}'", describe(current())));
  return next().text;
}

void Parser::expect(Token::Type type) {
  if (current().type != type) {
    fail(fmt::format("expected token '{}', got '{}'", describe({type, "", 0}), describe(current())));
  }
  next();
}

Block Parser::parse_all() {
  Block block = parse_block({});
  if (current().type != Token::Type::end) fail(fmt::format("unexpected '{}'", describe(current())));
  return block;
}

Block Parser::parse_block(Names ends) {
  const Budget::Deeper level(budget_);
  Block block;
  const auto add = [&](Statement::Kind kind) -> Statement& {
    block.push_back(std::make_unique<Statement>());
    block.back()->kind = kind;
    block.back()->line = current().line;
    return *block.back();
  };
  while (current().type != Token::Type::end) {
    if (current().type == Token::Type::data) {
      add(Statement::Kind::text).text = current().text;
      next();
    } else if (current().type == Token::Type::variable_begin) {
      Statement& s = add(Statement::Kind::output);
      next();
      s.value = parse_tuple(true, {});
      expect(Token::Type::variable_end);
    } else {
      expect(Token::Type::block_begin);
      if (at_any_name(ends)) return block;
      block.push_back(parse_statement());
      expect(Token::Type::block_end);
    }
  }
  if (ends.size() > 0) fail(fmt::format("unexpected end of template, expected '{}'", *(ends.end() - 1)));
  return block;
}

Block Parser::parse_body(Names ends) {
  skip_op(":");
  expect(Token::Type::block_end);
  return parse_block(ends);
}

Block Parser::parse_body_and_drop(std::string_view end) {
  Block block = parse_body({end});
  next();
  return block;
}

std::unique_ptr<Statement> Parser::parse_statement() {
  auto s = std::make_unique<Statement>();
  s->line = current().line;
  const std::string word = expect_any_name();
  if (word == "if") {
    parse_if(*s);
  } else if (word == "for") {
    parse_for(*s);
  } else if (word == "set") {
    parse_set(*s);
  } else if (word == "macro") {
    parse_macro(*s);
  } else if (word == "call") {
    parse_call_block(*s);
  } else if (word == "filter") {
    parse_filter_block(*s);
  } else if (word == "with") {
    parse_with(*s);
  } else if (word == "generation" || word == "autoescape" || word == "block") {
    parse_plain_scope(*s, word);
  } else if (word == "break" || word == "continue") {
    if (loops_ == 0) fail(fmt::format("'{}' outside a loop", word));
    s->kind = word == "break" ? Statement::Kind::leave : Statement::Kind::next;
  } else if (word == "print") {
    s->kind = Statement::Kind::output;
    s->value = parse_tuple(true, {});
  } else {
    fail(fmt::format("Encountered unknown tag '{}'.", word));
  }
  return s;
}

void Parser::parse_if(Statement& s) {
  s.kind = Statement::Kind::branch;
  while (true) {
    ExpressionPtr condition = parse_tuple(false, {});
    Block body = parse_body({"elif", "else", "endif"});
    s.branches.push_back({std::move(condition), std::move(body)});
    if (skip_name("elif")) continue;
    if (skip_name("else")) {
      s.branches.push_back({nullptr, parse_body_and_drop("endif")});
    } else {
      next();
    }
    return;
  }
}

void Parser::parse_for(Statement& s) {
  s.kind = Statement::Kind::loop;
  s.target = parse_target(true, {"in"});
  expect_name("in");
  s.value = parse_tuple(false, {"recursive"});
  if (skip_name("if")) s.condition = parse_expression();
  s.recursive = skip_name("recursive");
  ++loops_;
  s.body = parse_body({"endfor", "else"});
  --loops_;
  if (skip_name("else")) {
    s.otherwise = parse_body_and_drop("endfor");
  } else {
    next();
  }
}

void Parser::parse_set(Statement& s) {
  if (current().type == Token::Type::name && look().is_op(".")) {
    s.target = make(Expression::Kind::attribute);
    s.target->parts.push_back(parse_name());
    next();
    s.target->name = expect_any_name();
  } else {
    s.target = parse_target(true, {});
  }
  if (skip_op("=")) {
    s.kind = Statement::Kind::assign;
    s.value = parse_tuple(true, {});
    return;
  }
  s.kind = Statement::Kind::assign_block;
  while (at_op("|")) s.value = parse_filter(std::move(s.value));
  s.body = parse_body_and_drop("endset");
}

void Parser::parse_parameters(Function& function) {
  expect_op("(");
  while (!at_op(")")) {
    if (!function.parameters.empty()) expect_op(",");
    Parameter parameter;
    parameter.name = expect_any_name();
    if (skip_op("=")) {
      parameter.otherwise = parse_expression();
    } else if (!function.parameters.empty() && function.parameters.back().otherwise) {
      fail("non-default argument follows default argument");
    }
    function.parameters.push_back(std::move(parameter));
  }
  expect_op(")");
}

void Parser::parse_function_body(Function& function, std::string_view end) {
  functions_.push_back(&function);
  const int loops = std::exchange(loops_, 0);
  function.body = std::make_shared<const Block>(parse_body_and_drop(end));
  loops_ = loops;
  functions_.pop_back();
}

void Parser::parse_macro(Statement& s) {
  s.kind = Statement::Kind::macro;
  s.function.name = expect_any_name();
  parse_parameters(s.function);
  parse_function_body(s.function, "endmacro");
}

void Parser::parse_call_block(Statement& s) {
  s.kind = Statement::Kind::call;
  s.function.name = "caller";
  if (at_op("(")) parse_parameters(s.function);
  s.value = parse_expression();
  if (s.value->kind != Expression::Kind::call) fail("expected call");
  parse_function_body(s.function, "endcall");
}

void Parser::parse_filter_block(Statement& s) {
  s.kind = Statement::Kind::filter;
  tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(at_), {Token::Type::op, "|", current().line});
  while (at_op("|")) s.value = parse_filter(std::move(s.value));
  s.body = parse_body_and_drop("endfilter");
}

void Parser::parse_with(Statement& s) {
  s.kind = Statement::Kind::scope;
  while (current().type != Token::Type::block_end) {
    if (!s.targets.empty()) expect_op(",");
    s.targets.push_back(parse_target(false, {}));
    expect_op("=");
    s.values.push_back(parse_expression());
  }
  s.body = parse_body_and_drop("endwith");
}

void Parser::parse_plain_scope(Statement& s, const std::string& word) {
  s.kind = Statement::Kind::scope;
  std::string name;
  if (word == "autoescape") parse_expression();
  if (word == "block") name = expect_any_name();
  s.body = parse_body_and_drop("end" + word);
  if (!name.empty()) skip_name(name);
}

ExpressionPtr Parser::parse_target(bool tuples, Names ends) {
  const auto part = [&]() -> ExpressionPtr {
    ExpressionPtr node = parse_primary();
    if (node->kind != Expression::Kind::name && node->kind != Expression::Kind::tuple) fail("cannot assign to this");
    return node;
  };
  ExpressionPtr first = part();
  if (!tuples || !at_op(",")) return first;
  ExpressionPtr tuple = make(Expression::Kind::tuple);
  tuple->parts.push_back(std::move(first));
  while (skip_op(",")) {
    if (ends_tuple(ends)) break;
    tuple->parts.push_back(part());
  }
  return tuple;
}

Block parse_template(std::string_view source) {
  try {
    return Parser(tokenize(source)).parse_all();
  } catch (const Failure& failure) {
    throw TemplateError(fmt::format("template: {}", failure.what()));
  }
}

}  // namespace deskhand::jinja
