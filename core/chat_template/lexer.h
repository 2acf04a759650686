#pragma once
// Jinja source → tokens, with the settings of transformers: trim_blocks and lstrip_blocks on, no line statements, one
// final newline dropped.
//
//   std::vector<Token> tokens = tokenize("a {{- b }}");     // data "a", variable_begin, name "b", variable_end, end

#include <string>
#include <string_view>
#include <vector>

namespace deskhand::jinja {

struct Token {
  enum class Type {
    data,
    variable_begin,
    variable_end,
    block_begin,
    block_end,
    name,
    text,
    integer,
    floating,
    op,
    end
  };
  Type type = Type::end;
  std::string text;  ///< of data, a name, an operator, a number's digits; of a string, its value
  int line = 1;

  bool is_op(std::string_view op) const { return type == Type::op && text == op; }
  bool is_name(std::string_view name) const { return type == Type::name && text == name; }
};

/// Throws TemplateError with the line.
std::vector<Token> tokenize(std::string_view source);

}  // namespace deskhand::jinja
