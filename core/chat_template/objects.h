#pragma once
// The objects of the language: namespaces, loops, macros, global functions.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chat_template/interpreter.h"

namespace deskhand::jinja {

/// namespace(a=1): its attributes can be set.
class Namespace : public Object {
 public:
  std::string_view type_name() const override { return "jinja2.utils.Namespace object"; }
  bool attribute(Interpreter&, std::string_view name, Value& out) override;
  void set(std::string_view name, Value value) { scope_->set(name, std::move(value)); }
  std::weak_ptr<Scope> attributes() const { return scope_; }

 private:
  std::shared_ptr<Scope> scope_ = std::make_shared<Scope>(nullptr);
};

/// The variable `loop`. Called, a recursive loop runs again over something else.
class Loop : public Object {
 public:
  Loop(Values items, const Statement& statement, std::shared_ptr<Scope> scope, int64_t depth)
      : items_(std::move(items)), statement_(statement), scope_(std::move(scope)), depth_(depth) {}
  std::string_view type_name() const override { return "jinja2.runtime.LoopContext object"; }
  bool attribute(Interpreter& in, std::string_view name, Value& out) override;
  bool callable() const override { return true; }
  Value call(Interpreter& in, const Arguments& arguments) override;
  void move_to(size_t index) { index_ = index; }

 private:
  bool neighbour(std::string_view name, Value& out) const;

  Values items_;
  size_t index_ = 0;
  const Statement& statement_;
  std::weak_ptr<Scope> scope_;
  int64_t depth_;
  std::shared_ptr<Scope> seen_;  ///< what changed() saw, which may be the loop itself: emptied at the end
};

/// A macro, or the body of a call block.
class Macro : public Object {
 public:
  Macro(const Function& function, std::shared_ptr<Scope> closure) : function_(function), closure_(std::move(closure)) {}
  std::string_view type_name() const override { return "jinja2.runtime.Macro object"; }
  bool attribute(Interpreter&, std::string_view name, Value& out) override;
  bool callable() const override { return true; }
  Value call(Interpreter& in, const Arguments& arguments) override {
    return in.call_function(function_, closure_, arguments);
  }

 private:
  const Function& function_;
  std::shared_ptr<Scope> closure_;
};

/// Puts what a call passes into the scope of the called function; parameters that it leaves out are not set.
void bind_arguments(const Function& function, const Arguments& arguments, Scope& scope);

/// range, namespace, dict, cycler, joiner, raise_exception, strftime_now
void add_globals(Scope& scope);

}  // namespace deskhand::jinja
