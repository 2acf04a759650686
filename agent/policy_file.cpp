#include <fmt/format.h>

#include <set>
#include <system_error>

#include "agent/policy.h"
#include "core/whole_file.h"
#include "platform/key_chord.h"
#include "tools/names.h"

namespace deskhand {

using nlohmann::json;

namespace {

std::vector<std::string> chords_of(std::vector<std::string> patterns) {
  for (std::string& pattern : patterns) pattern = canonical_chord(pattern, ChordText::pattern);
  return patterns;
}

}  // namespace

/// One policy file, read strictly: what is not known is an error, for a misspelt `deny` must not pass.
class PolicyParser {
 public:
  PolicyParser(std::string_view origin, Policy& policy) : origin_(origin), policy_(policy) {}

  void parse(std::string_view text) {
    json file;
    try {
      std::vector<std::set<std::string>> open;  // the keys of the objects around the parser's place
      const auto refuse_twins = [&](int, json::parse_event_t event, json& value) {
        if (event == json::parse_event_t::object_start) open.emplace_back();
        if (event == json::parse_event_t::object_end) open.pop_back();
        if (event == json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second)
          throw PolicyError(
              fmt::format("{}: the key \"{}\" stands twice in one object", origin_, value.get<std::string>()));
        return true;
      };
      file = json::parse(text, refuse_twins, true, true);
    } catch (const json::parse_error& error) {
      throw PolicyError(fmt::format("{}: {}", origin_, error.what()));
    }
    if (!file.is_object()) fail("the file", "an object");
    for (const auto& [key, value] : file.items()) read_entry(key, value);
  }

 private:
  [[noreturn]] void fail(const std::string& where, const std::string& expected) const {
    throw PolicyError(fmt::format("{}: {}: expected {}", origin_, where, expected));
  }

  void read_entry(const std::string& key, const json& value) {
    if (key == "builtin_rules") {
      if (!value.is_boolean()) fail(key, "true or false");
      if (value.get<bool>()) PolicyParser("built-in policy", policy_).parse(Policy::builtin_text());
    } else if (key == "default") {
      policy_.otherwise_ = verdict(key, value);
    } else if (key == "unlabelled") {
      policy_.unlabelled_ = verdict(key, value);
    } else if (key == "terminal") {
      policy_.terminal_ = verdict(key, value);
    } else if (key == "password") {
      policy_.password_ = verdict(key, value);
    } else if (key == "applications" || key == "windows" || key == "keys") {
      read_lists(key, value);
    } else if (key == "rules") {
      if (!value.is_array()) fail(key, "a list of rules");
      for (size_t i = 0; i < value.size(); ++i) read_rule(fmt::format("rules[{}]", i), value[i]);
    } else {
      fail(key, "builtin_rules, default, unlabelled, terminal, password, applications, windows, keys or rules");
    }
  }

  /// {"allow": [globs], "ask": …, "hand_off": …, "deny": …}; for applications also "only".
  void read_lists(const std::string& key, const json& value) {
    if (!value.is_object()) fail(key, "an object with allow, ask, hand_off, deny");
    for (const auto& [word, globs] : value.items()) {
      const std::string where = key + "." + word;
      PolicyRule rule;
      if (key == "applications" && word == "only") {
        rule.verdict = Verdict::deny;
        rule.not_applications = strings(where, globs);
        for (const Tool* tool : all_tools())
          if (tool->locate) rule.tools.emplace_back(tool->name);
        rule.reason = "the policy allows other applications only";
      } else {
        rule.verdict = verdict(where, word);
        std::vector<std::string> list = strings(where, globs);
        if (key == "keys") {
          rule.keys = chords_of(list);
        } else {
          (key == "windows" ? rule.windows : rule.applications) = std::move(list);
        }
        rule.reason =
            fmt::format("the policy says so of this {}", key == "keys" ? "key" : key.substr(0, key.size() - 1));
      }
      policy_.rules_.push_back(std::move(rule));
    }
  }

  void read_rule(const std::string& where, const json& value) {
    if (!value.is_object() || !value.contains("verdict")) fail(where, "an object with a verdict");
    PolicyRule rule;
    for (const auto& [key, entry] : value.items()) {
      const std::string at = where + "." + key;
      if (key == "verdict") {
        rule.verdict = verdict(at, entry);
      } else if (key == "reason") {
        if (!entry.is_string()) fail(at, "a text");
        rule.reason = entry.get<std::string>();
      } else if (key == "outside_fields" || key == "unless_named") {
        if (!entry.is_boolean()) fail(at, "true or false");
        (key == "outside_fields" ? rule.outside_fields : rule.unless_named) = entry.get<bool>();
      } else {
        read_condition(rule, key, at, strings(at, entry));
      }
    }
    policy_.rules_.push_back(std::move(rule));
  }

  void read_condition(PolicyRule& rule, const std::string& key, const std::string& where,
                      std::vector<std::string> list) {
    if (key == "keys") list = chords_of(list);
    if (key == "words")
      for (std::string& word : list) word = plain_words(word);
    if (key == "tools")
      for (const std::string& tool : list)
        if (!find_tool(tool)) fail(where, fmt::format("names of tools, got \"{}\"", tool));
    if (key == "roles")
      for (const std::string& role : list)
        if (!is_role(role)) fail(where, fmt::format("names of roles, got \"{}\"", role));
    std::vector<std::string>* place = key == "applications" ? &rule.applications
                                      : key == "windows"    ? &rule.windows
                                      : key == "labels"     ? &rule.labels
                                      : key == "words"      ? &rule.words
                                      : key == "roles"      ? &rule.roles
                                      : key == "keys"       ? &rule.keys
                                      : key == "tools"      ? &rule.tools
                                                            : nullptr;
    if (!place)
      fail(where,
           "verdict, reason, applications, windows, labels, words, roles, keys, tools, outside_fields or "
           "unless_named");
    *place = std::move(list);
  }

  static bool is_role(const std::string& word) {
    for (int role = 0; role <= static_cast<int>(Role::other); ++role)
      if (role_name(static_cast<Role>(role)) == word) return true;
    return false;
  }

  Verdict verdict(const std::string& where, const json& value) const {
    for (const Verdict v : {Verdict::allow, Verdict::ask, Verdict::hand_off, Verdict::deny})
      if (value.is_string() && value.get_ref<const std::string&>() == verdict_name(v)) return v;
    fail(where, "allow, ask, hand_off or deny");
  }

  std::vector<std::string> strings(const std::string& where, const json& value) const {
    if (!value.is_array() || value.empty()) fail(where, "a list of texts that is not empty");
    std::vector<std::string> list;
    for (const json& item : value) {
      if (!item.is_string() || item.get_ref<const std::string&>().empty()) fail(where, "a list of texts");
      list.push_back(item.get<std::string>());
    }
    return list;
  }

  std::string origin_;
  Policy& policy_;
};

Policy Policy::parse(std::string_view text, std::string_view origin) {
  Policy policy;
  PolicyParser(origin, policy).parse(text);
  return policy;
}

Policy Policy::builtin() {
  return parse(builtin_text(), "built-in policy");
}

Policy Policy::read(const std::filesystem::path& file) {
  constexpr size_t most_bytes = size_t{16} << 20;
  std::string text;
  try {
    text = read_whole_file(file, most_bytes);
  } catch (const std::system_error& error) {
    throw PolicyError(fmt::format("policy {}", error.what()));
  }
  return parse(text, file.string());
}

}  // namespace deskhand
