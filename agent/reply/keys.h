#pragma once
// Keys as models name them, as chords in xdotool's names.
//
//   key_names(R"(["['ctrl", "a']"])"_json, "keys")    // {"ctrl", "a"}
//   chords_of({"a", "ctrl"})                          // {"ctrl+a"}
//   chords_of({"Tab", "Tab"})                         // {"Tab", "Tab"}: without a modifier one after the other
//
// Everything throws DialectError bad_args for a name that is no key.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

/// What parts the names within one text: "+" always, white space where the dialect says so.
enum class KeySeparator { plus, plus_or_space };

/// A list of names, a chord, or a list of either that was written as a text. `where` is named in errors.
std::vector<std::string> key_names(const nlohmann::json& value, std::string_view where,
                                   KeySeparator separator = KeySeparator::plus);
/// Modifiers first, then the rest, as one chord; without a modifier each key is a chord of its own.
std::vector<std::string> chords_of(const std::vector<std::string>& names);
std::string one_chord(const std::vector<std::string>& names);
/// A chord of modifiers alone.
std::string modifiers_of(const nlohmann::json& value, std::string_view where);

}  // namespace deskhand
