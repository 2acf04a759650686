#include <fmt/format.h>

#include <algorithm>

#include "core/chat_template/chat_template.h"
#include "core/chat_template/interpreter.h"
#include "core/chat_template/objects.h"
#include "core/chat_template/python_text.h"

namespace deskhand::jinja {

void Scope::set(std::string_view name, Value value) {
  for (auto& [known, held] : variables_) {
    if (known == name) {
      held = std::move(value);
      return;
    }
  }
  variables_.emplace_back(name, std::move(value));
}

const Value* Scope::find_here(std::string_view name) const {
  for (const auto& [known, held] : variables_) {
    if (known == name) return &held;
  }
  return nullptr;
}

const Value* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent_.get()) {
    if (const Value* value = scope->find_here(name)) return value;
  }
  return nullptr;
}

class Interpreter::Inner {
 public:
  Inner(Interpreter& in, std::shared_ptr<Scope> parent) : in_(in), outer_(in.scope_) {
    in_.scope_ = std::make_shared<Scope>(std::move(parent));
  }
  explicit Inner(Interpreter& in) : Inner(in, in.scope_) {}
  ~Inner() { in_.scope_ = outer_; }
  Inner(const Inner&) = delete;
  Inner& operator=(const Inner&) = delete;

 private:
  Interpreter& in_;
  std::shared_ptr<Scope> outer_;
};

Interpreter::~Interpreter() {
  for (const std::weak_ptr<Scope>& captured : captured_) {
    if (const std::shared_ptr<Scope> scope = captured.lock()) scope->clear();
  }
}

std::string Interpreter::run(const Block& program, const nlohmann::ordered_json& variables) {
  std::string out;
  out_ = &out;
  try {
    add_globals(*scope_);
    for (const auto& [name, value] : variables.items()) scope_->set(name, Value::from_json(value, budget_));
    // The template's own names live in a scope of their own: a macro of the name of a variable hides it.
    const Inner inner(*this);
    empty_at_end(scope_);
    run_block(program);
  } catch (const Failure& failure) {
    throw TemplateError(fmt::format("template line {}: {}", line_, failure.what()));
  }
  return out;
}

std::string Interpreter::str(const Value& value) {
  return python_str(value, budget_);
}

void Interpreter::write(std::string_view text) {
  if (out_->size() + text.size() > Budget::max_text) throw Failure("the template makes too much text");
  out_->append(text);
}

std::string Interpreter::capture(const Block& block) {
  std::string captured;
  std::string* outer = std::exchange(out_, &captured);
  try {
    run_block(block);
  } catch (...) {
    out_ = outer;
    throw;
  }
  out_ = outer;
  budget_.make_text(captured.size());
  return captured;
}

Interpreter::Flow Interpreter::run_block(const Block& block) {
  for (const std::unique_ptr<Statement>& statement : block) {
    const Flow flow = run_statement(*statement);
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

Interpreter::Flow Interpreter::run_statement(const Statement& s) {
  const Budget::Deeper level(budget_);
  budget_.step();
  line_ = s.line;
  switch (s.kind) {
    case Statement::Kind::text:
      write(s.text);
      break;
    case Statement::Kind::output:
      write(str(evaluate(*s.value)));
      break;
    case Statement::Kind::branch:
      for (const Statement::Branch& branch : s.branches) {
        if (!branch.condition || evaluate(*branch.condition).truth()) return run_block(branch.body);
      }
      break;
    case Statement::Kind::loop:
      run_loop(s, evaluate(*s.value), 0);
      break;
    case Statement::Kind::assign:
      assign(*s.target, evaluate(*s.value));
      break;
    case Statement::Kind::assign_block:
      run_assign_block(s);
      break;
    case Statement::Kind::macro:
      empty_at_end(scope_);
      scope_->set(s.function.name, Value(std::make_shared<Macro>(s.function, scope_)));
      break;
    case Statement::Kind::call:
      run_call_block(s);
      break;
    case Statement::Kind::filter: {
      const Inner inner(*this);
      write(str(through_filters(s.value.get(), Value::text(capture(s.body)))));
      break;
    }
    case Statement::Kind::scope:
      return run_scope(s);
    case Statement::Kind::leave:
      return Flow::leave;
    case Statement::Kind::next:
      return Flow::next;
  }
  return Flow::normal;
}

Interpreter::Flow Interpreter::run_scope(const Statement& s) {
  Values values = evaluate_all(s.values);
  const Inner inner(*this);
  for (size_t i = 0; i < values.size(); ++i) assign(*s.targets[i], values[i]);
  return run_block(s.body);
}

void Interpreter::run_assign_block(const Statement& s) {
  Value value;
  {
    const Inner inner(*this);
    value = through_filters(s.value.get(), Value::text(capture(s.body)));
  }
  assign(*s.target, value);
}

void Interpreter::run_call_block(const Statement& s) {
  empty_at_end(scope_);
  const Value callee = evaluate(*s.value->parts[0]);
  Arguments arguments = evaluate_arguments(s.value->arguments);
  arguments.named.emplace_back("caller", Value(std::make_shared<Macro>(s.function, scope_)));
  write(str(call(callee, arguments)));
}

Value Interpreter::through_filters(const Expression* filters, Value value) {
  if (filters == nullptr) return value;
  value = through_filters(filters->parts[0].get(), std::move(value));
  return filter(filters->name, value, evaluate_arguments(filters->arguments));
}

void Interpreter::assign(const Expression& target, const Value& value) {
  if (target.kind == Expression::Kind::name) {
    scope_->set(target.name, value);
  } else if (target.kind == Expression::Kind::attribute) {
    const Value object = evaluate(*target.parts[0]);
    auto* space = dynamic_cast<Namespace*>(object.if_object());
    if (space == nullptr) throw Failure("cannot assign attribute on non-namespace object");
    space->set(target.name, value);
  } else {
    const Values items = iterate(value.present());
    if (items.size() < target.parts.size()) {
      throw Failure(
          fmt::format("not enough values to unpack (expected {}, got {})", target.parts.size(), items.size()));
    }
    if (items.size() > target.parts.size()) {
      throw Failure(fmt::format("too many values to unpack (expected {})", target.parts.size()));
    }
    for (size_t i = 0; i < items.size(); ++i) assign(*target.parts[i], items[i]);
  }
}

Values Interpreter::loop_items(const Statement& s, const Value& over) {
  Values items = iterate(over);
  if (!s.condition) return items;
  Values kept;
  for (Value& item : items) {
    const Inner inner(*this);
    assign(*s.target, item);
    if (evaluate(*s.condition).truth()) kept.push_back(std::move(item));
  }
  return kept;
}

void Interpreter::run_loop(const Statement& s, const Value& over, int64_t depth) {
  const Values items = loop_items(s, over);
  const auto loop = std::make_shared<Loop>(items, s, scope_, depth);
  if (s.recursive) empty_at_end(scope_);
  for (size_t i = 0; i < items.size(); ++i) {
    budget_.step();
    const Inner inner(*this);
    loop->move_to(i);
    scope_->set("loop", Value(std::static_pointer_cast<Object>(loop)));
    assign(*s.target, items[i]);
    if (run_block(s.body) == Flow::leave) break;
  }
  if (items.empty() && !s.otherwise.empty()) {
    const Inner inner(*this);
    run_block(s.otherwise);
  }
}

Value Interpreter::loop_again(const Statement& loop, const std::shared_ptr<Scope>& scope, const Value& over,
                              int64_t depth) {
  const Inner inner(*this, scope);
  std::string captured;
  std::string* outer = std::exchange(out_, &captured);
  try {
    run_loop(loop, over, depth);
  } catch (...) {
    out_ = outer;
    throw;
  }
  out_ = outer;
  return Value::text(std::move(captured));
}

Value Interpreter::call_function(const Function& function, const std::shared_ptr<Scope>& closure,
                                 const Arguments& arguments) {
  const Budget::Deeper level(budget_);
  const int line = line_;
  const Inner inner(*this, closure);
  bind_arguments(function, arguments, *scope_);
  for (const Parameter& parameter : function.parameters) {
    if (scope_->find_here(parameter.name) != nullptr) continue;
    scope_->set(parameter.name, parameter.otherwise
                                    ? evaluate(*parameter.otherwise)
                                    : Value::missing(fmt::format("parameter '{}' was not provided", parameter.name)));
  }
  Value result = Value::text(capture(*function.body));
  line_ = line;
  return result;
}

}  // namespace deskhand::jinja
