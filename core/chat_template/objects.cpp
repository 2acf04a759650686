#include "core/chat_template/objects.h"

#include <fmt/format.h>

#include <functional>

#include "core/chat_template/operators.h"

namespace deskhand::jinja {
namespace {

/// A method of one of the objects here.
class Bound : public Object {
 public:
  explicit Bound(std::function<Value(Interpreter&, const Arguments&)> run) : run_(std::move(run)) {}
  std::string_view type_name() const override { return "method"; }
  bool callable() const override { return true; }
  Value call(Interpreter& in, const Arguments& arguments) override { return run_(in, arguments); }

 private:
  std::function<Value(Interpreter&, const Arguments&)> run_;
};

Value cycled(const Arguments& arguments, size_t index) {
  if (arguments.positional.empty()) throw Failure("no items for cycling given");
  return arguments.positional[index % arguments.positional.size()];
}

}  // namespace

bool Namespace::attribute(Interpreter&, std::string_view name, Value& out) {
  const Value* value = scope_->find_here(name);
  if (value != nullptr) out = *value;
  return value != nullptr;
}

bool Loop::neighbour(std::string_view name, Value& out) const {
  if (name == "previtem") {
    out = index_ > 0 ? items_[index_ - 1] : Value::missing("there is no previous item");
  } else if (name == "nextitem") {
    out = index_ + 1 < items_.size() ? items_[index_ + 1] : Value::missing("there is no next item");
  } else {
    return false;
  }
  return true;
}

bool Loop::attribute(Interpreter&, std::string_view name, Value& out) {
  const auto index = static_cast<int64_t>(index_), length = static_cast<int64_t>(items_.size());
  const std::pair<std::string_view, int64_t> numbers[] = {{"index", index + 1},
                                                          {"index0", index},
                                                          {"revindex", length - index},
                                                          {"revindex0", length - index - 1},
                                                          {"length", length},
                                                          {"depth", depth_ + 1},
                                                          {"depth0", depth_}};
  for (const auto& [known, number] : numbers) {
    if (known == name) {
      out = number;
      return true;
    }
  }
  if (neighbour(name, out)) return true;
  if (name == "first") {
    out = index == 0;
  } else if (name == "last") {
    out = index + 1 == length;
  } else if (name == "cycle") {
    out = Value(std::make_shared<Bound>(
        [at = index_](Interpreter&, const Arguments& arguments) { return cycled(arguments, at); }));
  } else if (name == "changed") {
    out = Value(std::make_shared<Bound>([self = std::static_pointer_cast<Loop>(shared_from_this())](
                                            Interpreter& in, const Arguments& arguments) -> Value {
      Value now = Value::sequence(arguments.positional, Sequence::Kind::tuple);
      if (!self->seen_) {
        self->seen_ = std::make_shared<Scope>(nullptr);
        in.empty_at_end(self->seen_);
      }
      const Value* last = self->seen_->find_here("last");
      const bool changed = last == nullptr || !equal(now, *last, in.budget());
      self->seen_->set("last", std::move(now));
      return changed;
    }));
  } else {
    return false;
  }
  return true;
}

Value Loop::call(Interpreter& in, const Arguments& arguments) {
  const std::shared_ptr<Scope> scope = scope_.lock();
  if (!statement_.recursive || scope == nullptr || arguments.positional.size() != 1) {
    throw Failure("The loop must have the 'recursive' marker to be called recursively.");
  }
  return in.loop_again(statement_, scope, arguments.positional[0], depth_ + 1);
}

bool Macro::attribute(Interpreter&, std::string_view name, Value& out) {
  if (name != "name") return false;
  out = Value::text(function_.name);
  return true;
}

void bind_arguments(const Function& function, const Arguments& arguments, Scope& scope) {
  const size_t count = function.parameters.size();
  auto named = arguments.named;
  const auto take = [&](std::string_view name, Value& out) {
    for (size_t i = 0; i < named.size(); ++i) {
      if (named[i].first != name) continue;
      out = std::move(named[i].second);
      named.erase(named.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    return false;
  };
  bool has_caller = false;
  for (size_t i = 0; i < count; ++i) {
    const std::string& name = function.parameters[i].name;
    has_caller |= name == "caller";
    Value value;
    if (i < arguments.positional.size()) {
      scope.set(name, arguments.positional[i]);
    } else if (take(name, value)) {
      scope.set(name, value);
    }
  }
  if (function.uses_caller && !has_caller) {
    Value caller;
    if (!take("caller", caller)) caller = Value::missing("No caller defined");
    scope.set("caller", caller);
  }
  if (function.uses_named) {
    Mapping rest;
    for (auto& [name, value] : named) rest.set(Value::text(name), value);
    scope.set("kwargs", Value::mapping(std::move(rest)));
  } else if (!named.empty()) {
    throw Failure(fmt::format("macro '{}' takes no keyword argument '{}'", function.name, named.front().first));
  }
  const size_t used = std::min(count, arguments.positional.size());
  if (function.uses_positional) {
    const auto begin = arguments.positional.begin() + static_cast<std::ptrdiff_t>(used);
    scope.set("varargs", Value::sequence({begin, arguments.positional.end()}, Sequence::Kind::tuple));
  } else if (arguments.positional.size() > count) {
    throw Failure(fmt::format("macro '{}' takes not more than {} argument(s)", function.name, count));
  }
}

}  // namespace deskhand::jinja
