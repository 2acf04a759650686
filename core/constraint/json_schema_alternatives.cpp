#include "core/constraint/json_schema_alternatives.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "core/constraint/regular_expression.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {

using Json = nlohmann::ordered_json;

/// One alternative on its way: what is still to be resolved and what is plain already.
struct SchemaAlternatives::Work {
  struct Entry {
    SchemaPlace place;
    std::vector<const Json*> via;  ///< the schemas that led here without a step into a value
  };
  std::vector<Entry> entries;  ///< from `next` on to be resolved
  size_t next = 0;
  SchemaParts plain;
  std::vector<const Json*> seen;
  enum class State { open, done, nothing, split } state = State::open;
  bool check = true;            ///< whether oneOf must exclude each other
  const Json* apart = nullptr;  ///< its oneOf is passed over

  /// Steps that a copy takes.
  size_t size() const {
    size_t steps = 16 * (entries.size() + plain.size()) + seen.size() / 8;
    for (const Entry& entry : entries) steps += entry.via.size() / 8;
    return steps;
  }
};

SchemaAlternatives::SchemaAlternatives(const Json& root, const JsonStyle& style, WorkLimit& work)
    : root_(root), style_(style), dialect_(dialect_of(root, style.dialect)), work_(work) {}

void SchemaAlternatives::spend(const SchemaPlace& place, size_t steps) const {
  try {
    work_.spend(steps);
  } catch (const GrammarError& error) {
    place.refuse(error.what());
  }
}

std::vector<SchemaParts> SchemaAlternatives::of(const SchemaParts& schemas) const {
  return alternatives(schemas, true);
}

std::vector<SchemaParts> SchemaAlternatives::alternatives(const SchemaParts& schemas, bool check,
                                                          const Json* apart) const {
  std::vector<Work> open(1);
  open[0].check = check;
  open[0].apart = apart;
  for (const SchemaPlace& place : schemas) open[0].entries.push_back({place, {}});
  std::vector<SchemaParts> found;
  size_t made = 0;
  while (!open.empty()) {
    Work work = std::move(open.back());
    open.pop_back();
    if (++made > max_alternatives) schemas.front().refuse(fmt::format("more than {} alternatives", max_alternatives));
    while (work.state == Work::State::open) expand(work, open);
    if (work.state == Work::State::done) found.push_back(std::move(work.plain));
  }
  return found;
}

void SchemaAlternatives::expand(Work& work, std::vector<Work>& open) const {
  if (work.next == work.entries.size()) {
    work.state = Work::State::done;
    return;
  }
  const Work::Entry entry = work.entries[work.next++];
  const SchemaPlace& place = entry.place;
  const Json& schema = *place.schema;
  spend(place, 50 + entry.via.size() + work.seen.size() / 8);
  if (place.nesting > style_.max_nesting) place.refuse(fmt::format("nested deeper than {}", style_.max_nesting));
  if (schema.is_boolean()) {
    if (!schema.get<bool>()) work.state = Work::State::nothing;
    return;
  }
  if (!schema.is_object()) place.refuse("is neither an object nor true or false");
  if (std::find(entry.via.begin(), entry.via.end(), &schema) != entry.via.end()) {
    place.refuse("leads back to itself");
  }
  if (std::find(work.seen.begin(), work.seen.end(), &schema) != work.seen.end()) return;
  work.seen.push_back(&schema);
  const SchemaNames keywords = schema_keywords(place, dialect_);
  const auto add = [&](const SchemaPlace& inner) {
    std::vector<const Json*> via = entry.via;
    via.push_back(&schema);
    work.entries.push_back({inner, std::move(via)});
  };
  if (!keywords.empty()) work.plain.push_back(place);
  if (const Json* excluded = place.find("not")) {
    const bool all = *excluded == Json(true) || *excluded == Json::object();
    const bool types = excluded->is_object() && excluded->size() == 1 && excluded->contains("type");
    if (all) work.state = Work::State::nothing;
    if (!all && !types && *excluded != Json(false)) place.refuse("\"not\" of more than types is not supported");
  }
  if (contains(keywords, "$ref")) {
    if (dialect_ <= SchemaDialect::draft7 && keywords.size() > 1) {
      const std::string& other = keywords[0] == "$ref" ? keywords[1] : keywords[0];
      place.refuse(fmt::format("\"{}\" beside \"$ref\" has no effect in this draft", other));
    }
    add(target(place));
  }
  for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
    const Json* branches = place.find(keyword);
    if (branches == nullptr) continue;
    if (!branches->is_array() || branches->empty()) {
      place.refuse(fmt::format("\"{}\" is not a list of schemas", keyword));
    }
    if (std::string_view(keyword) != "allOf") continue;
    for (size_t i = 0; i < branches->size(); ++i) {
      spend(place, 10 + entry.via.size() / 8);
      add(place.below((*branches)[i], fmt::format("allOf/{}", i)));
    }
  }
  if (work.state == Work::State::open) choose(work, entry.via, place, open);
}

/// Splits the work at anyOf and oneOf: one for every combination of branches.
void SchemaAlternatives::choose(Work& work, const std::vector<const Json*>& via, const SchemaPlace& place,
                                std::vector<Work>& open) const {
  std::vector<Work> ways;
  for (const char* keyword : {"anyOf", "oneOf"}) {
    const Json* branches = place.find(keyword);
    if (branches == nullptr) continue;
    const bool one = std::string_view(keyword) == "oneOf";
    if (one && place.schema == work.apart) continue;
    if (one && work.check) check_exclusive(place);
    if (ways.empty()) ways.push_back(work);
    std::vector<Work> combined;
    for (const Work& way : ways) {
      for (size_t i = 0; i < branches->size(); ++i) {
        if (combined.size() > max_alternatives) {
          place.refuse(fmt::format("more than {} alternatives", max_alternatives));
        }
        spend(place, 10 + way.size());
        combined.push_back(way);
        std::vector<const Json*> longer = via;
        longer.push_back(place.schema);
        combined.back().entries.push_back(
            {place.below((*branches)[i], fmt::format("{}/{}", keyword, i)), std::move(longer)});
      }
    }
    ways = std::move(combined);
  }
  if (ways.empty()) return;
  work.state = Work::State::split;
  if (open.size() + ways.size() > max_alternatives) {
    place.refuse(fmt::format("more than {} alternatives", max_alternatives));
  }
  for (size_t i = ways.size(); i-- > 0;) open.push_back(std::move(ways[i]));
}

void SchemaAlternatives::check_exclusive(const SchemaPlace& place) const {
  const Json& branches = *place.find("oneOf");
  if (branches.size() > max_alternatives) place.refuse(fmt::format("more than {} alternatives", max_alternatives));
  for (size_t i = 0; i < branches.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      // What stands beside oneOf holds for all branches and may tell them apart.
      const SchemaParts both{place.below(branches[j], fmt::format("oneOf/{}", j)),
                             place.below(branches[i], fmt::format("oneOf/{}", i)), place};
      if (!never_any(alternatives(both, false, place.schema), 3)) {
        place.refuse(fmt::format("\"oneOf\" branches {} and {} may both hold", j, i));
      }
    }
  }
}

SchemaPlace SchemaAlternatives::target(const SchemaPlace& place) const {
  const Json& reference = *place.find("$ref");
  if (!reference.is_string()) place.refuse("\"$ref\" is not a string");
  const auto& pointer = reference.get_ref<const std::string&>();
  constexpr size_t longest = 1000;
  if (pointer.size() > longest) place.refuse(fmt::format("\"$ref\" is longer than {} bytes", longest));
  spend(place, pointer.size());
  const auto nowhere = [&] {
    place.refuse(fmt::format("\"$ref\" {} leads nowhere in this document", shortened(pointer)));
  };
  if (!pointer.starts_with("#")) nowhere();
  std::string path;
  for (size_t i = 1; i < pointer.size(); ++i) {  // %XX as in a URI
    uint8_t byte = 0;
    const char *digits = pointer.data() + i + 1, *end = digits + 2;
    if (pointer[i] == '%' && i + 2 < pointer.size() && std::from_chars(digits, end, byte, 16).ptr == end) {
      path.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      path.push_back(pointer[i]);
    }
  }
  try {
    std::vector<std::string> steps;
    for (Json::json_pointer rest(path); !rest.empty(); rest.pop_back()) steps.push_back(rest.back());
    const Json* at = &root_;
    for (size_t i = steps.size(); i-- > 0;) {
      spend(place, 10 + at->size() / 4);
      const Json::json_pointer step = Json::json_pointer() / steps[i];
      if (!at->contains(step)) nowhere();
      at = &at->at(step);
    }
    return {at, shortened(pointer), 0};
  } catch (const nlohmann::json::exception&) {
    nowhere();
    throw;
  }
}

SchemaParts SchemaAlternatives::item(const SchemaParts& parts, size_t index) const {
  SchemaParts schemas;
  for (const SchemaPlace& place : parts) {
    spend(place, 10);
    const Json *prefix = place.find("prefixItems"), *items = place.find("items");
    const char *list = "prefixItems", *rest = "items";
    if (items != nullptr && items->is_array()) {
      if (prefix != nullptr || dialect_ == SchemaDialect::draft2020_12) {
        place.refuse("a list as \"items\" is not supported here (use \"prefixItems\")");
      }
      prefix = items;
      list = "items", rest = "additionalItems";
    }
    if (prefix != nullptr && !prefix->is_array()) place.refuse("\"prefixItems\" is not a list of schemas");
    if (prefix != nullptr && index < prefix->size()) {
      schemas.push_back(place.below((*prefix)[index], fmt::format("{}/{}", list, index)));
    } else if (const Json* others = place.find(rest)) {
      schemas.push_back(place.below(*others, rest));
    }
  }
  return schemas;
}

size_t SchemaAlternatives::named_items(const SchemaParts& parts) const {
  size_t most = 0;
  for (const SchemaPlace& place : parts) {
    for (const char* keyword : {"prefixItems", "items"}) {
      const Json* list = place.find(keyword);
      if (list != nullptr && list->is_array()) most = std::max(most, list->size());
    }
  }
  return most;
}

SchemaParts SchemaAlternatives::property(const SchemaParts& parts, const std::string& key) const {
  SchemaParts schemas;
  const std::u32string name = code_points(key);
  for (const SchemaPlace& place : parts) {
    bool described = false;
    if (const Json* properties = place.find("properties")) {
      spend(place, 10 + properties->size() / 4);
      if (const auto found = properties->find(key); found != properties->end()) {
        schemas.push_back(place.below(*found, "properties/" + key));
        described = true;
      }
    }
    if (const Json* patterns = place.find("patternProperties")) {
      for (const auto& member : patterns->items()) {
        spend(place, 10 + name.size());
        if (!pattern(place, member.key()).matches(name)) continue;
        schemas.push_back(place.below(member.value(), "patternProperties/" + member.key()));
        described = true;
      }
    }
    const Json* others = place.find("additionalProperties");
    if (!described && others != nullptr) schemas.push_back(place.below(*others, "additionalProperties"));
  }
  return schemas;
}

SchemaNames SchemaAlternatives::required(const SchemaParts& parts) const {
  SchemaNames names;
  std::set<std::string> known;
  for (const SchemaPlace& place : parts) {
    const Json* list = place.find("required");
    if (list == nullptr) continue;
    if (!list->is_array()) place.refuse("\"required\" is not a list");
    for (const Json& name : *list) {
      if (!name.is_string()) place.refuse("\"required\" is not a list of names");
      spend(place, 20);
      if (known.insert(name.get<std::string>()).second) names.push_back(name.get<std::string>());
    }
  }
  return names;
}

const CharacterAutomaton& SchemaAlternatives::pattern(const SchemaPlace& place, const std::string& expression) const {
  const auto found = patterns_.find(expression);
  if (found != patterns_.end()) return found->second;
  try {
    return patterns_.emplace(expression, regular_expression(expression, work_)).first->second;
  } catch (const GrammarError& error) {
    place.refuse(error.what());
  }
}

const CharacterAutomaton* SchemaAlternatives::strings(const SchemaParts& parts) const {
  const auto [min, max] = counts(parts, "minLength", "maxLength");
  const SchemaPlace* last = nullptr;
  std::vector<const CharacterAutomaton*> expressions;
  for (const SchemaPlace& place : parts) {
    const Json* expression = place.find("pattern");
    if (expression == nullptr) continue;
    if (!expression->is_string()) place.refuse("\"pattern\" is not a string");
    last = &place;
    const CharacterAutomaton* one = &pattern(place, expression->get<std::string>());
    if (std::find(expressions.begin(), expressions.end(), one) == expressions.end()) expressions.push_back(one);
  }
  if (expressions.empty()) return nullptr;
  if (expressions.size() == 1 && min == 0 && max == GrammarBuilder::unbounded) return expressions.front();
  Together key{min, max, expressions};
  if (const auto found = texts_.find(key); found != texts_.end()) return &found->second;
  try {
    CharacterAutomaton all = min > max ? CharacterAutomaton::words({}) : CharacterAutomaton::length(min, max);
    for (const CharacterAutomaton* one : expressions) all = intersection(all, *one, work_);
    return &texts_.emplace(std::move(key), std::move(all)).first->second;
  } catch (const GrammarError& error) {
    last->refuse(error.what());
  }
}

CharacterAutomaton SchemaAlternatives::names(const SchemaPlace& place) const {
  const CharacterAutomaton every = CharacterAutomaton::everything();
  CharacterAutomaton outside = every;
  try {
    for (const SchemaParts& parts : of({place})) {
      CharacterAutomaton inside = CharacterAutomaton::words({});
      if (enumerated(parts)) {
        std::vector<std::u32string> words;
        for (const Json* value : values(parts)) {
          if (value->is_string()) words.push_back(code_points(value->get<std::string>()));
        }
        inside = CharacterAutomaton::words(words);
      } else if (contains(common_types(parts), "string")) {
        const auto [min, max] = counts(parts, "minLength", "maxLength");
        if (const CharacterAutomaton* texts = strings(parts)) {
          inside = *texts;
        } else if (min <= max) {
          inside = CharacterAutomaton::length(min, max);
        }
      }
      outside = intersection(outside, difference(every, inside, work_), work_);
    }
    return difference(every, outside, work_);
  } catch (const GrammarError& error) {
    place.refuse(error.what());
  }
}

}  // namespace deskhand
