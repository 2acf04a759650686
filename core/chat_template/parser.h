#pragma once
// The state that parsing statements and parsing expressions share. Grammar and precedence are Jinja's.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat_template/lexer.h"
#include "core/chat_template/syntax.h"

namespace deskhand::jinja {

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}
  Block parse_all();

 private:
  using Names = std::initializer_list<std::string_view>;

  // Tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& look() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token next();
  bool at_op(std::string_view op) const { return current().is_op(op); }
  bool at_name(std::string_view name) const { return current().is_name(name); }
  bool at_any_name(Names names) const;
  bool skip_op(std::string_view op);
  bool skip_name(std::string_view name);
  void expect_op(std::string_view op);
  void expect_name(std::string_view name);
  std::string expect_any_name();
  void expect(Token::Type type);
  [[noreturn]] void fail(const std::string& message) const;

  // Statements (parse_statements.cpp).
  Block parse_block(Names ends);
  /// The body of a statement up to, not including, one of the names.
  Block parse_body(Names ends);
  Block parse_body_and_drop(std::string_view end);
  std::unique_ptr<Statement> parse_statement();
  void parse_if(Statement& s);
  void parse_for(Statement& s);
  void parse_set(Statement& s);
  void parse_macro(Statement& s);
  void parse_call_block(Statement& s);
  void parse_filter_block(Statement& s);
  void parse_with(Statement& s);
  void parse_plain_scope(Statement& s, const std::string& word);
  void parse_parameters(Function& function);
  void parse_function_body(Function& function, std::string_view end);
  ExpressionPtr parse_target(bool tuples, Names ends);

  // Expressions (parse_expressions.cpp).
  ExpressionPtr make(Expression::Kind kind) const;
  ExpressionPtr parse_tuple(bool with_condition, Names ends, bool in_parentheses = false);
  ExpressionPtr parse_expression();
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concat();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  ExpressionPtr parse_unary(bool with_filters);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_name();
  ExpressionPtr parse_number();
  ExpressionPtr parse_list();
  ExpressionPtr parse_mapping();
  ExpressionPtr parse_postfix(ExpressionPtr node);
  ExpressionPtr parse_filters(ExpressionPtr node);
  ExpressionPtr parse_filter(ExpressionPtr node);
  ExpressionPtr parse_test(ExpressionPtr node);
  ExpressionPtr parse_subscript(ExpressionPtr node);
  ExpressionPtr parse_subscribed();
  ExpressionPtr parse_call(ExpressionPtr node);
  CallArguments parse_arguments();
  bool ends_tuple(Names ends) const;

  std::vector<Token> tokens_;
  size_t at_ = 0;
  Budget budget_;  ///< bounds nesting
  int loops_ = 0;  ///< around the current statement
  std::vector<Function*> functions_;
};

}  // namespace deskhand::jinja
