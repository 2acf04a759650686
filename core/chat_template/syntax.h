#pragma once
// The syntax tree of a template.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chat_template/value.h"

namespace deskhand::jinja {

struct Expression;
struct Statement;
using ExpressionPtr = std::unique_ptr<Expression>;
using Expressions = std::vector<ExpressionPtr>;
using Block = std::vector<std::unique_ptr<Statement>>;

struct CallArguments {
  Expressions positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr star, star_star;  ///< *list, **mapping; null when absent
};

struct Expression {
  enum class Kind {
    constant,     ///< value
    name,         ///< name
    list,         ///< parts
    tuple,        ///< parts
    mapping,      ///< parts: key, value, key, value…
    attribute,    ///< parts[0] . name
    item,         ///< parts[0] [ parts[1] ]
    slice,        ///< only as parts[1] of item: parts start, stop, step, each may be null
    call,         ///< parts[0] ( arguments )
    filter,       ///< parts[0] | name ( arguments ); parts[0] is null in a filter block
    test,         ///< parts[0] is name ( arguments )
    negate,       ///< - parts[0]
    plus,         ///< + parts[0]
    invert,       ///< not parts[0]
    chain,        ///< parts joined by operators, from the left: + - * / // % **
    concat,       ///< parts joined by ~
    compare,      ///< parts joined by operators: == != < <= > >= in notin; all must hold
    all,          ///< parts joined by and
    any,          ///< parts joined by or
    conditional,  ///< parts: value, condition, otherwise (may be null)
  };
  Kind kind = Kind::constant;
  int line = 1;
  std::string name;
  Value value;
  Expressions parts;
  std::vector<std::string> operators;
  CallArguments arguments;
};

struct Parameter {
  std::string name;
  ExpressionPtr otherwise;  ///< its default, may be null
};

/// What a macro and the body of a call block have in common.
struct Function {
  std::string name;
  std::vector<Parameter> parameters;
  std::shared_ptr<const Block> body;
  bool uses_caller = false, uses_named = false, uses_positional = false;  ///< caller, kwargs, varargs
};

struct Statement {
  enum class Kind {
    text,          ///< text
    output,        ///< value
    branch,        ///< branches in order; the last condition is null for else
    loop,          ///< target in value if condition: body, otherwise; recursive
    assign,        ///< target = value
    assign_block,  ///< target = body, through the filters of value (may be null)
    macro,         ///< function
    call,          ///< value (a call), with function as its caller
    filter,        ///< body through the filters of value
    scope,         ///< targets = values: body, in a scope of its own
    leave,         ///< break
    next,          ///< continue
  };
  struct Branch {
    ExpressionPtr condition;
    Block body;
  };
  Kind kind = Kind::text;
  int line = 1;
  std::string text;
  ExpressionPtr target, value, condition;
  Expressions targets, values;
  std::vector<Branch> branches;
  Block body, otherwise;
  bool recursive = false;
  Function function;
};

/// Throws TemplateError with the line.
Block parse_template(std::string_view source);

}  // namespace deskhand::jinja
