#include "core/constraint/json_schema_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/constraint/json_schema.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;
using Expression = GrammarBuilder::Expression;
using Names = SchemaNames;

constexpr size_t max_rules = 50'000, max_patterns = 4;

/// Whole numbers without fraction, whatever the schema wrote: 2.0 is 2.
Json whole_numbers(Json value) {
  if (value.is_structured()) {
    for (Json& inner : value) inner = whole_numbers(std::move(inner));
  } else if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) < 1e15) value = static_cast<int64_t>(number);
  }
  return value;
}

}  // namespace

std::string constant_text(const Json& constant, const JsonStyle& style) {
  return json_text(whole_numbers(constant), style);
}

SchemaCompiler::SchemaCompiler(GrammarBuilder& builder, const Json& root, const JsonStyle& style, WorkLimit& work)
    : builder_(builder), style_(style), json_(builder, style), schemas_(root, style, work) {}

void SchemaCompiler::finish() {
  while (!pending_.empty()) {
    const auto [rule, parts] = std::move(pending_.back());
    pending_.pop_back();
    builder_.define(rule, compile(parts));
  }
}

Expression SchemaCompiler::value(const SchemaParts& schemas) {
  std::vector<const Json*> key;
  for (const SchemaPlace& place : schemas) {
    if (*place.schema == Json(false)) return builder_.nothing();
    if (*place.schema != Json(true) && *place.schema != Json::object()) key.push_back(place.schema);
  }
  if (key.empty()) return json_.value();
  std::sort(key.begin(), key.end());
  key.erase(std::unique(key.begin(), key.end()), key.end());
  if (const auto found = rules_.find(key); found != rules_.end()) return builder_.use(found->second);
  const SchemaPlace& place = schemas.front();
  if (rules_.size() >= max_rules) place.refuse(fmt::format("more than {} schemas that hold together", max_rules));
  if (place.nesting > style_.max_nesting) place.refuse(fmt::format("nested deeper than {}", style_.max_nesting));
  const auto rule = builder_.declare(place.where);
  rules_.emplace(std::move(key), rule);
  pending_.emplace_back(rule, schemas);
  return builder_.use(rule);
}

Expression SchemaCompiler::compile(const SchemaParts& schemas) {
  std::vector<Expression> ways;
  for (const SchemaParts& parts : schemas_.of(schemas)) ways.push_back(plain(parts));
  return builder_.choice(std::move(ways));
}

Expression SchemaCompiler::plain(const SchemaParts& parts) {
  if (parts.empty()) return json_.value();
  std::vector<Expression> ways;
  if (schemas_.enumerated(parts)) {
    for (const Json* constant : schemas_.values(parts)) {
      ways.push_back(builder_.literal(constant_text(*constant, style_)));
    }
    return builder_.choice(std::move(ways));
  }
  for (const std::string& type : common_types(parts)) ways.push_back(of_type(parts, type));
  return builder_.choice(std::move(ways));
}

Expression SchemaCompiler::of_type(const SchemaParts& parts, const std::string& type) {
  if (type == "object") return object(parts);
  if (type == "array") return array(parts);
  if (type == "integer" || type == "number") return number(parts, type == "integer");
  if (type == "boolean") return json_.boolean();
  if (type == "null") return builder_.literal("null");
  const auto [min, max] = counts(parts, "minLength", "maxLength");
  if (min > max) return builder_.nothing();
  const CharacterAutomaton* texts = schemas_.strings(parts);
  return texts != nullptr ? json_.text(*texts) : json_.string(min, max);
}

Expression SchemaCompiler::number(const SchemaParts& parts, bool whole) {
  const Multiples rule = multiples(parts);
  if (whole || rule.whole) {
    const auto [first, last] = integer_bounds(parts);
    try {
      return json_.multiples(rule.of, first, last);
    } catch (const SchemaError& error) {
      parts.front().refuse(error.what());
    }
  }
  const NumberLimits limits = number_bounds(parts);
  if (limits.nothing) return builder_.nothing();
  const uint32_t digits = rule.fraction_digits.value_or(JsonParts::number_digits);
  if (limits.bounded) return json_.number(limits.low, limits.high, digits);
  return rule.fraction_digits ? json_.decimal(digits) : json_.number();
}

Expression SchemaCompiler::object(const SchemaParts& parts) {
  Names named;
  std::set<std::string> known;
  for (const SchemaPlace& place : parts) {
    const Json* properties = place.find("properties");
    if (properties == nullptr) continue;
    if (!properties->is_object()) place.refuse("\"properties\" is not an object");
    for (const auto& member : properties->items()) {
      if (known.insert(member.key()).second) named.push_back(member.key());
    }
  }
  const Names required = schemas_.required(parts);
  for (const std::string& key : required) {
    if (known.insert(key).second) named.push_back(key);
  }
  const std::set<std::string> needed(required.begin(), required.end());
  std::vector<JsonParts::Property> members;
  for (const std::string& key : named) {
    const bool allowed = schemas_.name_allowed(parts, key);
    const Expression inner = allowed ? value(schemas_.property(parts, key)) : builder_.nothing();
    members.push_back({json_text(key, style_), inner, needed.contains(key)});
  }
  return json_.object(members, others(parts, named, needed.size()));
}

/// Properties that are not named, and how many of them.
std::optional<MoreMembers> SchemaCompiler::others(const SchemaParts& parts, const Names& named, size_t needed) {
  const auto [min, max] = counts(parts, "minProperties", "maxProperties");
  bool has_properties = false, spoken_of = style_.open_objects;
  for (const SchemaPlace& place : parts) {
    const Json* properties = place.find("properties");
    has_properties = has_properties || (properties != nullptr && !properties->empty());
    spoken_of =
        spoken_of || place.find("additionalProperties") != nullptr || place.find("patternProperties") != nullptr;
  }
  std::vector<Expression> ways;
  if (spoken_of || !has_properties) {
    for (const auto& [keys, schemas] : kinds_of_others(parts, named)) {
      const bool every = keys.states.size() == 1 && keys.states[0].accepting && keys.states[0].edges.size() == 1 &&
                         keys.states[0].edges[0].last == 0x10FFFF;
      ways.push_back(json_.member(every ? json_.string() : json_.text(keys), value(schemas)));
    }
  }
  MoreMembers rest{builder_.choice(std::move(ways))};
  if (max != JsonParts::unbounded) {
    if (needed < named.size() && max < named.size()) {
      parts.front().refuse("\"maxProperties\" below the number of properties is not supported");
    }
    if (needed < named.size()) parts.front().refuse("\"maxProperties\" beside optional properties is not supported");
    if (max < needed) return MoreMembers{builder_.nothing(), 1, 1};
    rest.max = max - static_cast<uint32_t>(needed);
  }
  if (min > needed) {  // two others could have the same name
    if (needed < named.size() || min > needed + 1) {
      parts.front().refuse("\"minProperties\" more than one above \"required\" is not supported");
    }
    rest.min = 1;
  }
  return rest;
}

std::vector<std::pair<CharacterAutomaton, SchemaParts>> SchemaCompiler::kinds_of_others(const SchemaParts& parts,
                                                                                        const Names& named) {
  Names patterns;
  CharacterAutomaton keys = CharacterAutomaton::everything();
  try {
    for (const SchemaPlace& place : parts) {
      if (const Json* names = place.find("propertyNames")) {
        keys = intersection(keys, schemas_.names(place.below(*names, "propertyNames")), schemas_.work());
      }
      const Json* list = place.find("patternProperties");
      if (list == nullptr) continue;
      if (!list->is_object()) place.refuse("\"patternProperties\" is not an object");
      for (const auto& member : list->items()) {
        if (!contains(patterns, member.key())) patterns.push_back(member.key());
        if (patterns.size() > max_patterns) {
          place.refuse(fmt::format("\"patternProperties\" with more than {} expressions", max_patterns));
        }
      }
    }
    if (!named.empty()) {
      std::vector<std::u32string> words;
      for (const std::string& name : named) words.push_back(code_points(name));
      keys = difference(keys, CharacterAutomaton::words(words), schemas_.work());
    }
    std::vector<std::pair<CharacterAutomaton, SchemaParts>> kinds;
    for (size_t matched = 0; matched < size_t{1} << patterns.size(); ++matched) {
      CharacterAutomaton some = keys;
      SchemaParts schemas;
      for (size_t i = 0; i < patterns.size(); ++i) {
        const CharacterAutomaton& one = schemas_.pattern(parts.front(), patterns[i]);
        some =
            (matched >> i & 1) != 0 ? intersection(some, one, schemas_.work()) : difference(some, one, schemas_.work());
      }
      if (some.empty()) continue;
      for (const SchemaPlace& place : parts) {
        bool described = false;
        const Json* list = place.find("patternProperties");
        for (size_t i = 0; list != nullptr && i < patterns.size(); ++i) {
          if ((matched >> i & 1) == 0 || !list->contains(patterns[i])) continue;
          described = true;
          schemas.push_back(place.below(list->at(patterns[i]), "patternProperties/" + patterns[i]));
        }
        const Json* rest = place.find("additionalProperties");
        if (!described && rest != nullptr) schemas.push_back(place.below(*rest, "additionalProperties"));
      }
      kinds.emplace_back(std::move(some), std::move(schemas));
    }
    return kinds;
  } catch (const GrammarError& error) {
    parts.front().refuse(error.what());
  }
}

Expression SchemaCompiler::array(const SchemaParts& parts) {
  JsonParts::Items items;
  std::tie(items.min, items.max) = counts(parts, "minItems", "maxItems");
  if (items.min > items.max) return builder_.nothing();
  const size_t fixed = schemas_.named_items(parts);
  for (size_t i = 0; i < fixed; ++i) items.first.push_back(value(schemas_.item(parts, i)));
  items.rest = value(schemas_.item(parts, fixed));
  return json_.array(items);
}

}  // namespace deskhand
