#pragma once
// Runs a syntax tree. One interpreter renders once.
//
//   Interpreter in(now);
//   std::string text = in.run(block, {{"messages", messages}});      // throws TemplateError
//
// Filters, tests, methods and global functions are in files of their own and reach back through this class.

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chat_template/budget.h"
#include "core/chat_template/syntax.h"
#include "core/chat_template/value.h"

namespace deskhand::jinja {

/// Names and their values; a name is looked up from the innermost scope outwards.
class Scope {
 public:
  explicit Scope(std::shared_ptr<Scope> parent) : parent_(std::move(parent)) {}
  void set(std::string_view name, Value value);
  /// Null when no scope has the name.
  const Value* find(std::string_view name) const;
  /// Only in this scope.
  const Value* find_here(std::string_view name) const;
  void clear() { variables_.clear(); }

 private:
  std::vector<std::pair<std::string, Value>> variables_;
  std::shared_ptr<Scope> parent_;
};

class Interpreter {
 public:
  explicit Interpreter(std::tm now) : now_(now), scope_(std::make_shared<Scope>(nullptr)) {}
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// `variables` is an object: its members are the names that the template sees.
  std::string run(const Block& program, const nlohmann::ordered_json& variables);

  Budget& budget() { return budget_; }
  const std::tm& now() const { return now_; }
  std::string str(const Value& value);

  /// Jinja's value.name and value[key]; a missing one is a missing value.
  Value attribute(const Value& value, std::string_view name);
  Value item(const Value& value, const Value& key);
  /// What a for loop sees: items, keys, characters. Throws for what cannot be iterated.
  Values iterate(const Value& value);

  Value call(const Value& callee, const Arguments& arguments);
  Value filter(std::string_view name, const Value& input, const Arguments& arguments);
  bool test(std::string_view name, const Value& input, const Arguments& arguments);

  /// Used by the objects of the language.
  Value call_function(const Function& function, const std::shared_ptr<Scope>& closure, const Arguments& arguments);
  Value loop_again(const Statement& loop, const std::shared_ptr<Scope>& scope, const Value& over, int64_t depth);
  /// Objects that can come to hold themselves are emptied at the end.
  void empty_at_end(std::weak_ptr<Scope> scope) { captured_.push_back(std::move(scope)); }

 private:
  enum class Flow { normal, leave, next };
  class Inner;  ///< a scope for as long as it lives

  Flow run_block(const Block& block);
  Flow run_statement(const Statement& s);
  void run_loop(const Statement& s, const Value& over, int64_t depth);
  Values loop_items(const Statement& s, const Value& over);
  void run_assign_block(const Statement& s);
  void run_call_block(const Statement& s);
  Flow run_scope(const Statement& s);
  void assign(const Expression& target, const Value& value);
  std::string capture(const Block& block);
  void write(std::string_view text);
  Value through_filters(const Expression* filters, Value value);

  Value evaluate(const Expression& e);
  Value evaluate_operator(const Expression& e);
  Value evaluate_call(const Expression& e);
  Value evaluate_item(const Expression& e);
  Value evaluate_chain(const Expression& e);
  Value evaluate_compare(const Expression& e);
  Value evaluate_unary(const Expression& e);
  Value evaluate_mapping(const Expression& e);
  Value name(const std::string& name);
  Values evaluate_all(const Expressions& parts);
  Arguments evaluate_arguments(const CallArguments& arguments);
  Value slice(const Value& value, const Expression& parts);

  Budget budget_;
  std::tm now_;
  std::shared_ptr<Scope> scope_;
  std::string* out_ = nullptr;
  int line_ = 1;
  std::vector<std::weak_ptr<Scope>> captured_;
};

}  // namespace deskhand::jinja
