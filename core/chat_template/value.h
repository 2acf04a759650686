#pragma once
// The values of a template: Python's, as far as templates see them.
//
//   Value v = Value::text("a");
//   if (const std::string* text = v.if_text()) …
//
// Lists, tuples and mappings never change once made (the sandbox of transformers forbids it), so they cannot hold
// themselves; only objects (namespaces, loops…) change.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/chat_template/budget.h"

namespace deskhand::jinja {

class Value;
class Mapping;
class Interpreter;
using Values = std::vector<Value>;

/// A name or item that is not there. Using it, other than to print or test it, fails with the message.
struct Missing {
  std::shared_ptr<const std::string> message;
};

struct Text {
  std::shared_ptr<const std::string> text;
  bool safe = false;  ///< marked as HTML: what is joined to it with + is escaped
};

struct Sequence {
  enum class Kind { list, tuple, view, generator, range };  ///< view: of a mapping's keys, values or items
  Kind kind = Kind::list;
  Values items;
};

/// What a call passes.
struct Arguments {
  Values positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// Something with attributes or that can be called.
class Object : public std::enable_shared_from_this<Object> {
 public:
  virtual ~Object() = default;
  virtual std::string_view type_name() const = 0;
  /// False when there is no such attribute.
  virtual bool attribute(Interpreter&, std::string_view, Value&) { return false; }
  virtual bool callable() const { return false; }
  virtual Value call(Interpreter& in, const Arguments& arguments);
};

class Value {
 public:
  Value() = default;  ///< None
  Value(bool b) : held_(b) {}
  Value(int64_t i) : held_(i) {}
  Value(double d) : held_(d) {}
  Value(std::shared_ptr<Object> object) : held_(std::move(object)) {}
  template <typename T>
  Value(T*) = delete;
  static Value text(std::string s, bool safe = false) {
    return Value(Text{std::make_shared<const std::string>(std::move(s)), safe});
  }
  static Value missing(std::string message) {
    return Value(Missing{std::make_shared<const std::string>(std::move(message))});
  }
  static Value sequence(Values items, Sequence::Kind kind = Sequence::Kind::list) {
    return Value(std::make_shared<const Sequence>(Sequence{kind, std::move(items)}));
  }
  static Value mapping(Mapping m);
  static Value from_json(const nlohmann::ordered_json& json, Budget& budget);

  bool is_none() const { return std::holds_alternative<std::monostate>(held_); }
  bool is_missing() const { return std::holds_alternative<Missing>(held_); }
  bool is_safe_text() const { return if_text() != nullptr && std::get<Text>(held_).safe; }
  const bool* if_bool() const { return std::get_if<bool>(&held_); }
  const int64_t* if_integer() const { return std::get_if<int64_t>(&held_); }
  const double* if_float() const { return std::get_if<double>(&held_); }
  const std::string* if_text() const {
    const Text* t = std::get_if<Text>(&held_);
    return t == nullptr ? nullptr : t->text.get();
  }
  const Sequence* if_sequence() const { return pointed<const Sequence>(); }
  const Mapping* if_mapping() const { return pointed<const Mapping>(); }
  Object* if_object() const { return pointed<Object>(); }
  /// Any number, bool too, as Python's int and float see it; false when it is none.
  bool as_integer(int64_t& out) const;
  bool as_number(double& out) const;

  bool truth() const;
  /// "str", "int", "NoneType"…
  std::string_view type_name() const;
  /// Throws the message of a missing value.
  const Value& present() const {
    if (const Missing* m = std::get_if<Missing>(&held_)) throw Failure(*m->message);
    return *this;
  }

 private:
  explicit Value(Text t) : held_(std::move(t)) {}
  explicit Value(Missing m) : held_(std::move(m)) {}
  explicit Value(std::shared_ptr<const Sequence> s) : held_(std::move(s)) {}
  explicit Value(std::shared_ptr<const Mapping> m) : held_(std::move(m)) {}
  template <typename T>
  T* pointed() const {
    const auto* p = std::get_if<std::shared_ptr<T>>(&held_);
    return p == nullptr ? nullptr : p->get();
  }

  std::variant<std::monostate, Missing, bool, int64_t, double, Text, std::shared_ptr<const Sequence>,
               std::shared_ptr<const Mapping>, std::shared_ptr<Object>>
      held_;
};

/// A dict: keys in the order of their first insertion. Equal numbers are one key, as in Python.
class Mapping {
 public:
  using Item = std::pair<Value, Value>;
  /// Throws Failure for a key that Python cannot hash.
  void set(const Value& key, Value value);
  const Value* find(const Value& key) const;
  const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
  std::unordered_map<std::string, size_t> places_;
};

}  // namespace deskhand::jinja
