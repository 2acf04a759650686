#include "core/hugging_face/json_fields.h"

#include <fmt/format.h>

#include "core/metadata.h"

namespace deskhand {

JsonFields::JsonFields(const nlohmann::json& json, std::string what) : json_(&json), what_(std::move(what)) {
  if (!json.is_object()) fail("expected an object");
}

void JsonFields::fail(const std::string& message) const {
  throw ModelFileError(fmt::format("{}: {}", what_, message));
}

void JsonFields::wrong(const char* key, const char* expected) const {
  fail(fmt::format("'{}' must be {}", key, expected));
}

void JsonFields::missing(const char* key) const {
  fail(fmt::format("'{}' is missing", key));
}

const nlohmann::json* JsonFields::find(const char* key) const {
  const auto found = json_->find(key);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

void JsonFields::write_to(nlohmann::json& object) const {
  for (const auto& [key, value] : json_->items()) {
    if (!value.is_null()) object[key] = value;
  }
}

std::vector<std::string> JsonFields::names() const {
  std::vector<std::string> out;
  for (const auto& [key, value] : json_->items()) {
    if (!value.is_null()) out.push_back(key);
  }
  return out;
}

std::optional<JsonFields> JsonFields::object(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return JsonFields(*value, fmt::format("{}: {}", what_, key));
}

std::optional<int64_t> JsonFields::integer_if(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() || value->get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX));
  if (!fits) wrong(key, "an integer");
  return value->get<int64_t>();
}

std::optional<double> JsonFields::number_if(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) wrong(key, "a number");
  return value->get<double>();
}

std::optional<bool> JsonFields::boolean_if(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) wrong(key, "true or false");
  return value->get<bool>();
}

std::optional<std::string> JsonFields::text_if(const char* key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) wrong(key, "a string");
  return value->get<std::string>();
}

int64_t JsonFields::integer(const char* key) const {
  const std::optional<int64_t> value = integer_if(key);
  if (!value) missing(key);
  return *value;
}

double JsonFields::number(const char* key) const {
  const std::optional<double> value = number_if(key);
  if (!value) missing(key);
  return *value;
}

std::string JsonFields::text_of(std::initializer_list<const char*> keys, std::string fallback) const {
  for (const char* key : keys) {
    if (const std::optional<std::string> value = text_if(key)) return *value;
  }
  return fallback;
}

}  // namespace deskhand
