#pragma once
// Typed fields of a JSON object; null is absent, another type throws ModelFileError naming the field.
//
//   JsonFields fields(json["text_config"], "config.json");
//   int64_t layers = fields.integer("num_hidden_layers");
//   double theta = fields.number_if("rope_theta").value_or(10000.0);

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace deskhand {

class JsonFields {
 public:
  /// The object and `what`, its name in errors. Throws when `json` is no object.
  JsonFields(const nlohmann::json& json, std::string what);

  const std::string& what() const { return what_; }
  bool has(const char* key) const { return find(key) != nullptr; }
  /// Null where the field is absent.
  const nlohmann::json* find(const char* key) const;
  /// The fields that are there.
  std::vector<std::string> names() const;
  std::optional<JsonFields> object(const char* key) const;
  std::optional<int64_t> integer_if(const char* key) const;
  std::optional<double> number_if(const char* key) const;
  std::optional<bool> boolean_if(const char* key) const;
  std::optional<std::string> text_if(const char* key) const;
  int64_t integer(const char* key) const;
  double number(const char* key) const;
  /// The first of these that is there.
  std::string text_of(std::initializer_list<const char*> keys, std::string fallback) const;

  /// Copies the fields that are there.
  void write_to(nlohmann::json& object) const;

  [[noreturn]] void fail(const std::string& message) const;

 private:
  [[noreturn]] void wrong(const char* key, const char* expected) const;
  [[noreturn]] void missing(const char* key) const;

  const nlohmann::json* json_;
  std::string what_;
};

}  // namespace deskhand
