#include "core/constraint/xml_parameter.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/constraint/json_schema_compiler.h"

namespace deskhand {
namespace {

using Json = nlohmann::ordered_json;

class Builder {
 public:
  Builder(XmlParameter& parameter, const SchemaAlternatives& resolver, const XmlCallStyle& style, XmlTexts& known)
      : out_(parameter), resolver_(resolver), style_(style), known_(known) {}

  void run(const SchemaParts& schemas) {
    for (const SchemaParts& parts : resolver_.of(schemas)) {
      if (resolver_.enumerated(parts)) {
        for (const Json* value : resolver_.values(parts)) add_word(parts.front(), *value);
        continue;
      }
      for (const std::string& type : common_types(parts)) add_type(parts, type);
    }
    check_words();
    for (const SchemaParts& parts : strings_) add_texts(parts);
  }

 private:
  void add_type(const SchemaParts& parts, const std::string& type) {
    if (type == "string") {
      strings_.push_back(parts);
    } else if (type == "null") {
      add_word(place_of(parts), nullptr);
    } else if (type == "boolean") {
      add_word(place_of(parts), true);
      add_word(place_of(parts), false);
    } else {
      out_.json.emplace_back(parts, type);
    }
  }

  /// A parameter of which nothing is said has no parts.
  SchemaPlace place_of(const SchemaParts& parts) const {
    static const Json nothing = Json::object();
    return parts.empty() ? SchemaPlace{&nothing, "#/properties/" + out_.name, 0} : parts.front();
  }

  std::string spelling(const Json& value) const {
    if (value.is_string()) return value.get<std::string>();
    if (style_.python_words && value.is_null()) return "None";
    if (style_.python_words && value.is_boolean()) return value.get<bool>() ? "True" : "False";
    return constant_text(value, style_.json);
  }

  void add_word(const SchemaPlace& place, const Json& value) {
    const std::string word = spelling(value);
    if (word.find(xml_value_end) != std::string::npos) {
      place.refuse("a constant that contains the end of a parameter");
    }
    const Json meant = value.is_number() || value.is_structured() ? Json::parse(word) : value;
    const auto [found, fresh] = out_.words.emplace(word, meant);
    if (!fresh && found->second != meant) {
      place.refuse(fmt::format("two values that are both written {}", word));
    }
    if (value.is_string()) string_words_.push_back(word);
  }

  void check_words() const {
    if (out_.json.empty()) return;
    const SchemaPlace place = place_of(out_.json.front().first);
    if (!strings_.empty()) {
      place.refuse(
          fmt::format("a string beside \"{}\" is not supported: its text could be either", out_.json.front().second));
    }
    for (const std::string& word : string_words_) {
      if (!Json::accept(word)) continue;
      place.refuse(fmt::format("the string \"{}\" beside \"{}\" is not supported: its text could be either", word,
                               out_.json.front().second));
    }
  }

  void add_texts(const SchemaParts& parts) {
    const auto [min, max] = counts(parts, "minLength", "maxLength");
    const CharacterAutomaton* patterns = resolver_.strings(parts);
    const bool counted = min > 0 || max != GrammarBuilder::unbounded;
    if (min > max) return;
    if (patterns == nullptr && !counted) {
      out_.any_text = true;
      return;
    }
    try {
      const CharacterAutomaton bounds = patterns != nullptr ? *patterns : CharacterAutomaton::length(min, max);
      const CharacterAutomaton texts =
          intersection(bounds, CharacterAutomaton::until(code_points(xml_value_end)), resolver_.work());
      const auto same = [&](const auto& known) {
        resolver_.work().spend(known->states.size() == texts.states.size() ? 5 * texts.states.size() : 1);
        return *known == texts;
      };
      auto found = std::find_if(known_.begin(), known_.end(), same);
      if (found == known_.end()) found = known_.insert(found, std::make_shared<const CharacterAutomaton>(texts));
      out_.texts.push_back(*found);
    } catch (const GrammarError& error) {
      place_of(parts).refuse(error.what());
    }
  }

  XmlParameter& out_;
  const SchemaAlternatives& resolver_;
  const XmlCallStyle& style_;
  XmlTexts& known_;
  std::vector<SchemaParts> strings_;
  std::vector<std::string> string_words_;
};

}  // namespace

XmlParameter xml_parameter(std::string name, const SchemaParts& schemas, const SchemaAlternatives& resolver,
                           const XmlCallStyle& style, XmlTexts& known) {
  XmlParameter out{std::move(name), false, {}, false, {}, {}};
  Builder(out, resolver, style, known).run(schemas);
  return out;
}

}  // namespace deskhand
