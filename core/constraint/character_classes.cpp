#include "core/constraint/character_classes.h"

#include <utf8proc.h>

#include <array>
#include <functional>
#include <map>
#include <string>

namespace deskhand {
namespace {

struct LongName {
  std::string_view name, category;
};
constexpr std::array long_names = std::to_array<LongName>({
    {"Letter", "L"},
    {"Cased_Letter", "LC"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
});

using Ranges = std::vector<CharacterRange>;

/// By the categories' short names, those of one letter among them.
std::map<std::string, Ranges, std::less<>> make_categories() {
  std::map<std::string, Ranges, std::less<>> all;
  const auto add = [&](std::string_view name, char32_t c) {
    const auto found = all.find(name);
    Ranges& ranges = found != all.end() ? found->second : all[std::string(name)];
    if (!ranges.empty() && ranges.back().last + 1 == c) {
      ranges.back().last = c;
    } else {
      ranges.push_back({c, c});
    }
  };
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const std::string_view category = utf8proc_category_string(static_cast<utf8proc_int32_t>(c));
    add(category, c);
    add(category.substr(0, 1), c);
    if (category == "Lu" || category == "Ll" || category == "Lt") add("LC", c);
  }
  return all;
}

}  // namespace

std::optional<std::vector<CharacterRange>> class_of_letter(char32_t letter) {
  if (letter == 'd') return std::vector<CharacterRange>{{'0', '9'}};
  if (letter == 'w') return std::vector<CharacterRange>{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  if (letter == 's') {
    return std::vector<CharacterRange>{{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680},
                                       {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                                       {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  }
  return std::nullopt;
}

std::optional<std::vector<CharacterRange>> unicode_property(std::string_view name) {
  if (name == "Any") return std::vector<CharacterRange>{{0, 0x10FFFF}};
  if (name == "ASCII") return std::vector<CharacterRange>{{0, 0x7F}};
  for (const std::string_view prefix : {"gc=", "General_Category="}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  for (const LongName& entry : long_names) {
    if (entry.name == name) name = entry.category;
  }
  static const auto categories = make_categories();
  const auto found = categories.find(name);
  if (found == categories.end()) return std::nullopt;
  return found->second;
}

}  // namespace deskhand
