#include "core/constraint/json_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>

#include "core/constraint/json_parts.h"
#include "core/constraint/json_schema_keywords.h"
#include "core/constraint/json_schema_types.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;
using Expression = GrammarBuilder::Expression;
using Names = SchemaNames;

class SchemaCompiler {
 public:
  SchemaCompiler(GrammarBuilder& builder, const Json& root, const JsonStyle& style)
      : builder_(builder), root_(root), style_(style), json_(builder, style) {}

  Expression run() {
    const Expression start = reference({root_, "#", 0}, "#");
    while (!pending_.empty()) {
      const std::string pointer = pending_.back();
      pending_.pop_back();
      builder_.define(rules_.at(pointer), compile({*target(pointer), pointer, 0}));
    }
    return start;
  }

 private:
  Expression compile(const SchemaPlace& place);
  Expression typed(const SchemaPlace& place, const Names& keywords);
  Expression of_type(const SchemaPlace& place, const std::string& type);
  Expression enumerated(const SchemaPlace& place, const Names& keywords);
  Expression alternatives(const SchemaPlace& place, const std::string& keyword);
  Expression object(const SchemaPlace& place);
  Expression array(const SchemaPlace& place);
  Expression string(const SchemaPlace& place);

  Expression reference(const SchemaPlace& place, const std::string& pointer);
  const Json* target(const std::string& pointer) const;
  const Json* resolve(const Json& schema) const;

  GrammarBuilder& builder_;
  const Json& root_;
  JsonStyle style_;
  JsonParts json_;
  std::map<std::string, GrammarBuilder::Rule> rules_;  ///< by the pointer of a $ref
  Names pending_;
};

Expression SchemaCompiler::compile(const SchemaPlace& place) {
  if (place.nesting > style_.max_nesting) place.refuse(fmt::format("nested deeper than {}", style_.max_nesting));
  if (place.schema.is_boolean()) return place.schema.get<bool>() ? json_.value() : builder_.nothing();
  if (!place.schema.is_object()) place.refuse("is neither an object nor true or false");
  const Names keywords = schema_keywords(place);
  for (const char* alone : {"$ref", "anyOf", "oneOf", "allOf"}) {
    if (!contains(keywords, alone)) continue;
    if (keywords.size() > 1) {
      const std::string& other = keywords[0] == alone ? keywords[1] : keywords[0];
      place.refuse(fmt::format("\"{}\" beside \"{}\" is not supported", other, alone));
    }
    if (std::string_view(alone) != "$ref") return alternatives(place, alone);
    const Json& pointer = *place.find("$ref");
    if (!pointer.is_string()) place.refuse("\"$ref\" is not a string");
    return reference(place, pointer.get<std::string>());
  }
  if (contains(keywords, "const") || contains(keywords, "enum")) return enumerated(place, keywords);
  return keywords.empty() ? json_.value() : typed(place, keywords);
}

Expression SchemaCompiler::alternatives(const SchemaPlace& place, const std::string& keyword) {
  const Json& branches = *place.find(keyword);
  if (!branches.is_array() || branches.empty()) place.refuse(fmt::format("\"{}\" is not a list of schemas", keyword));
  if (keyword == "allOf" && branches.size() > 1) place.refuse("\"allOf\" of several schemas is not supported");
  std::vector<Expression> ways;
  for (size_t i = 0; i < branches.size(); ++i) {
    ways.push_back(compile(place.below(branches[i], fmt::format("{}/{}", keyword, i))));
    for (size_t j = 0; keyword == "oneOf" && j < i; ++j) {
      if (disjoint(branches[i], branches[j], [this](const Json& s) { return resolve(s); })) continue;
      place.refuse(
          fmt::format("\"oneOf\" branches {} and {} are not told apart by type, value or a required property", j, i));
    }
  }
  return builder_.choice(std::move(ways));
}

Expression SchemaCompiler::enumerated(const SchemaPlace& place, const Names& keywords) {
  for (const std::string& key : keywords) {
    if (!contains({"const", "enum", "type"}, key))
      place.refuse(fmt::format("\"{}\" beside values is not supported", key));
  }
  const Json *constant = place.find("const"), *list = place.find("enum");
  if (constant != nullptr && list != nullptr) place.refuse("\"const\" beside \"enum\" is not supported");
  if (list != nullptr && !list->is_array()) place.refuse("\"enum\" is not a list");
  const Names allowed = schema_types(place, keywords);
  std::vector<Expression> ways;
  const auto add = [&](const Json& value) {
    std::string text;
    try {
      text = json_text(value, style_);
    } catch (const SchemaError& error) {
      place.refuse(error.what());
    }
    const auto fits = [&](const std::string& type) { return has_type(value, type); };
    if (allowed.empty() || std::any_of(allowed.begin(), allowed.end(), fits)) ways.push_back(builder_.literal(text));
  };
  if (constant != nullptr) add(*constant);
  if (list != nullptr) std::for_each(list->begin(), list->end(), add);
  return builder_.choice(std::move(ways));
}

Expression SchemaCompiler::typed(const SchemaPlace& place, const Names& keywords) {
  const Names names = schema_types(place, keywords);
  for (const std::string& key : keywords) {
    const auto about = [&](const std::string& type) { return speaks_of(key, type); };
    if (key != "type" && std::none_of(names.begin(), names.end(), about)) {
      place.refuse(fmt::format("\"{}\" has no effect on type {}", key, fmt::join(names, ", ")));
    }
  }
  std::vector<Expression> ways;
  for (const std::string& name : names) ways.push_back(of_type(place, name));
  return builder_.choice(std::move(ways));
}

Expression SchemaCompiler::of_type(const SchemaPlace& place, const std::string& type) {
  if (type == "object") return object(place);
  if (type == "array") return array(place);
  if (type == "string") return string(place);
  if (type == "integer") {
    const auto [first, last] = integer_bounds(place);
    return json_.integer(first, last);
  }
  if (type == "number") {
    const auto bounds = number_bounds(place);
    return bounds ? json_.number(bounds->first, bounds->second) : json_.number();
  }
  return type == "boolean" ? json_.boolean() : builder_.literal("null");
}

Expression SchemaCompiler::object(const SchemaPlace& place) {
  const Json *properties = place.find("properties"), *required = place.find("required");
  const Json* others = place.find("additionalProperties");
  Names needed;
  if (required != nullptr) {
    if (!required->is_array()) place.refuse("\"required\" is not a list");
    for (const Json& name : *required) {
      if (!name.is_string()) place.refuse("\"required\" is not a list of names");
      needed.push_back(name.get<std::string>());
      if (properties == nullptr || !properties->contains(needed.back())) {
        place.refuse(
            fmt::format("\"required\" names {}, which \"properties\" does not describe", json_text(name, style_)));
      }
    }
  }
  const bool free = others == nullptr || *others == Json(true) || *others == Json::object();
  if (others != nullptr && !others->is_object() && !others->is_boolean()) {
    place.refuse("\"additionalProperties\" is not a schema");
  }
  if (properties == nullptr || properties->empty()) {
    return json_.map(free ? json_.value() : compile(place.below(*others, "additionalProperties")));
  }
  if (!properties->is_object()) place.refuse("\"properties\" is not an object");
  if (!free && others->is_object())
    place.refuse("a schema as \"additionalProperties\" beside \"properties\" is not supported");
  std::vector<JsonParts::Property> members;
  for (const auto& [key, schema] : properties->items()) {
    const Expression value = compile(place.below(schema, "properties/" + key));
    members.push_back({json_text(key, style_), value, contains(needed, key)});
  }
  return json_.object(members);
}

Expression SchemaCompiler::array(const SchemaPlace& place) {
  JsonParts::Items items;
  std::tie(items.min, items.max) = counts(place, "minItems", "maxItems");
  if (const Json* first = place.find("prefixItems")) {
    if (!first->is_array()) place.refuse("\"prefixItems\" is not a list of schemas");
    for (size_t i = 0; i < first->size(); ++i) {
      items.first.push_back(compile(place.below((*first)[i], fmt::format("prefixItems/{}", i))));
    }
  }
  const Json* rest = place.find("items");
  if (rest != nullptr && rest->is_array()) place.refuse("a list as \"items\" is not supported (use \"prefixItems\")");
  items.rest = rest == nullptr ? json_.value() : compile(place.below(*rest, "items"));
  return json_.array(items);
}

Expression SchemaCompiler::string(const SchemaPlace& place) {
  const auto [min, max] = counts(place, "minLength", "maxLength");
  return json_.string(min, max);
}

Expression SchemaCompiler::reference(const SchemaPlace& place, const std::string& pointer) {
  const auto found = rules_.find(pointer);
  if (found != rules_.end()) return builder_.use(found->second);
  if (target(pointer) == nullptr) place.refuse(fmt::format("\"$ref\" {} leads nowhere in this document", pointer));
  const auto rule = builder_.declare(pointer);
  rules_.emplace(pointer, rule);
  pending_.push_back(pointer);
  return builder_.use(rule);
}

const Json* SchemaCompiler::target(const std::string& pointer) const {
  if (!pointer.starts_with("#")) return nullptr;
  std::string path;
  for (size_t i = 1; i < pointer.size(); ++i) {  // %XX as in a URI
    unsigned byte = 0;
    if (pointer[i] == '%' && i + 2 < pointer.size() && std::sscanf(pointer.c_str() + i + 1, "%2x", &byte) == 1) {
      path.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      path.push_back(pointer[i]);
    }
  }
  try {
    const Json::json_pointer parsed(path);
    return root_.contains(parsed) ? &root_.at(parsed) : nullptr;
  } catch (const nlohmann::json::exception&) {
    return nullptr;
  }
}

const Json* SchemaCompiler::resolve(const Json& schema) const {
  const Json* at = &schema;
  for (int hops = 0; hops < style_.max_nesting; ++hops) {
    if (at == nullptr || !at->is_object() || !at->contains("$ref")) return at;
    const Json& pointer = at->at("$ref");
    at = pointer.is_string() ? target(pointer.get<std::string>()) : nullptr;
  }
  return nullptr;
}

}  // namespace

Expression add_json_schema(GrammarBuilder& builder, const Json& schema, const JsonStyle& style) {
  return SchemaCompiler(builder, schema, style).run();
}

Grammar json_schema_grammar(const Json& schema, const JsonStyle& style) {
  try {
    GrammarBuilder builder;
    return builder.build(add_json_schema(builder, schema, style));
  } catch (const GrammarError& error) {
    throw SchemaError(fmt::format("schema: {}", error.what()));
  }
}

Grammar json_grammar(const JsonStyle& style) {
  GrammarBuilder builder;
  return builder.build(JsonParts(builder, style).value());
}

}  // namespace deskhand
