#include "core/chat_template/value.h"

#include <fmt/format.h>

#include <cmath>

namespace deskhand::jinja {
namespace {

/// A text that is equal for keys that Python holds equal.
std::string key_text(const Value& key) {
  if (const std::string* text = key.if_text()) return "s" + *text;
  int64_t integer = 0;
  if (key.as_integer(integer)) return fmt::format("n{}", integer);
  if (const double* number = key.if_float()) {
    if (std::floor(*number) == *number && std::abs(*number) < 9e18) {
      return fmt::format("n{}", static_cast<int64_t>(*number));
    }
    return fmt::format("f{}", *number);
  }
  if (key.is_none()) return "0";
  const Sequence* sequence = key.if_sequence();
  if (sequence != nullptr && sequence->kind == Sequence::Kind::tuple) {
    std::string out = "t";
    for (const Value& item : sequence->items) {
      const std::string part = key_text(item);
      out += fmt::format("{}:{}", part.size(), part);
    }
    return out;
  }
  if (Object* object = key.if_object()) return fmt::format("o{}", fmt::ptr(object));
  if (key.is_missing()) return "u";
  throw Failure(fmt::format("unhashable type: '{}'", key.type_name()));
}

}  // namespace

Value Object::call(Interpreter&, const Arguments&) {
  throw Failure(fmt::format("'{}' object is not callable", type_name()));
}

void Mapping::set(const Value& key, Value value) {
  const auto [at, added] = places_.try_emplace(key_text(key), items_.size());
  if (added) {
    items_.emplace_back(key, std::move(value));
  } else {
    items_[at->second].second = std::move(value);
  }
}

const Value* Mapping::find(const Value& key) const {
  const auto at = places_.find(key_text(key));
  return at == places_.end() ? nullptr : &items_[at->second].second;
}

Value Value::mapping(Mapping m) {
  return Value(std::make_shared<const Mapping>(std::move(m)));
}

Value Value::from_json(const nlohmann::ordered_json& json, Budget& budget) {
  const Budget::Deeper level(budget);
  using Type = nlohmann::ordered_json::value_t;
  switch (json.type()) {
    case Type::boolean:
      return json.get<bool>();
    case Type::number_integer:
      return json.get<int64_t>();
    case Type::number_unsigned: {
      const uint64_t number = json.get<uint64_t>();
      if (number > static_cast<uint64_t>(INT64_MAX)) return static_cast<double>(number);
      return static_cast<int64_t>(number);
    }
    case Type::number_float:
      return json.get<double>();
    case Type::string:
      return text(json.get_ref<const std::string&>());
    case Type::array: {
      Values items;
      items.reserve(json.size());
      for (const auto& item : json) items.push_back(from_json(item, budget));
      return sequence(std::move(items));
    }
    case Type::object: {
      Mapping m;
      for (const auto& [key, item] : json.items()) m.set(text(key), from_json(item, budget));
      return mapping(std::move(m));
    }
    case Type::null:
    case Type::binary:
    case Type::discarded:
      break;
  }
  return {};
}

bool Value::as_integer(int64_t& out) const {
  if (const bool* b = if_bool()) {
    out = *b ? 1 : 0;
  } else if (const int64_t* i = if_integer()) {
    out = *i;
  } else {
    return false;
  }
  return true;
}

bool Value::as_number(double& out) const {
  int64_t integer = 0;
  if (as_integer(integer)) {
    out = static_cast<double>(integer);
  } else if (const double* d = if_float()) {
    out = *d;
  } else {
    return false;
  }
  return true;
}

bool Value::truth() const {
  double number = 0;
  if (as_number(number)) return number != 0;
  if (const std::string* t = if_text()) return !t->empty();
  if (const Sequence* s = if_sequence()) return s->kind == Sequence::Kind::generator || !s->items.empty();
  if (const Mapping* m = if_mapping()) return !m->items().empty();
  return if_object() != nullptr;
}

std::string_view Value::type_name() const {
  if (is_none()) return "NoneType";
  if (is_missing()) return "Undefined";
  if (if_bool() != nullptr) return "bool";
  if (if_integer() != nullptr) return "int";
  if (if_float() != nullptr) return "float";
  if (if_text() != nullptr) return "str";
  if (if_mapping() != nullptr) return "dict";
  if (const Object* object = if_object()) return object->type_name();
  switch (if_sequence()->kind) {
    case Sequence::Kind::tuple:
      return "tuple";
    case Sequence::Kind::view:
      return "dict_items";
    case Sequence::Kind::generator:
      return "generator";
    case Sequence::Kind::range:
      return "range";
    case Sequence::Kind::list:
      break;
  }
  return "list";
}

}  // namespace deskhand::jinja
