#include "core/chat_template/methods.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/chat_template/format.h"
#include "core/chat_template/given.h"
#include "core/chat_template/interpreter.h"
#include "core/chat_template/operators.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

using Run = Value (*)(Interpreter&, const Value& self, const Arguments&);

struct Entry {
  std::string_view name;
  Run run;
};

class Method : public Object {
 public:
  Method(Value self, Run run) : self_(std::move(self)), run_(run) {}
  std::string_view type_name() const override { return "builtin_function_or_method"; }
  bool callable() const override { return true; }
  Value call(Interpreter& in, const Arguments& arguments) override { return run_(in, self_, arguments); }

 private:
  Value self_;
  Run run_;
};

Value make_text(Interpreter& in, std::string text) {
  in.budget().make_text(text.size());
  return Value::text(std::move(text));
}

Value make_texts(Interpreter& in, const std::vector<std::string_view>& parts) {
  in.budget().make_items(parts.size());
  Values items;
  for (const std::string_view part : parts) {
    in.budget().make_text(part.size());
    items.push_back(Value::text(std::string(part)));
  }
  return Value::sequence(std::move(items));
}

template <Side side>
Value strip_method(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("strip", arguments, {"chars"});
  std::optional<std::string_view> set;
  if (given.has(0)) set = given.text(0);
  return make_text(in, std::string(strip(*self.if_text(), set, side)));
}

template <auto cut>
Value split_method(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("split", arguments, {"sep", "maxsplit"});
  std::optional<std::string_view> separator;
  if (given.has(0)) separator = given.text(0);
  return make_texts(in, cut(*self.if_text(), separator, given.integer(1, -1)));
}

Value splitlines(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("splitlines", arguments, {"keepends"});
  return make_texts(in, split_lines(*self.if_text(), given.truth(0, false)));
}

template <bool at_end>
Value affix_method(Interpreter&, const Value& self, const Arguments& arguments) {
  const std::string_view name = at_end ? "endswith" : "startswith";
  const Given given(name, arguments, {"prefix"}, 1);
  const auto matches = [&](const Value& affix) {
    affix.present();
    const std::string* text = affix.if_text();
    if (text == nullptr) {
      throw Failure(fmt::format("{} first arg must be str or a tuple of str, not {}", name, affix.type_name()));
    }
    return at_end ? self.if_text()->ends_with(*text) : self.if_text()->starts_with(*text);
  };
  const Sequence* several = given.value(0).if_sequence();
  if (several == nullptr || several->kind != Sequence::Kind::tuple) return matches(given.value(0));
  return std::any_of(several->items.begin(), several->items.end(), matches);
}

Value replace_method(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("replace", arguments, {"old", "new", "count"}, 2);
  return Value::text(replace(*self.if_text(), given.text(0), given.text(1), given.integer(2, -1), in.budget()));
}

template <auto change>
Value case_method(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("case", arguments, {});
  return make_text(in, change(*self.if_text()));
}

Value title_method(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("title", arguments, {});
  return make_text(in, title(*self.if_text(), Words::method));
}

Value join_method(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("join", arguments, {"iterable"}, 1);
  std::string out;
  bool first = true;
  for (const Value& item : in.iterate(given.value(0))) {
    const std::string* text = item.if_text();
    if (text == nullptr) throw Failure(fmt::format("sequence item: expected str instance, {} found", item.type_name()));
    if (!std::exchange(first, false)) out += *self.if_text();
    out += *text;
    if (out.size() > Budget::max_text) throw Failure("the template makes too much text");
  }
  return make_text(in, std::move(out));
}

Value find_text(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("find", arguments, {"sub"}, 1);
  in.budget().step(self.if_text()->size() / 64);
  const size_t at = self.if_text()->find(given.text(0));
  if (at == std::string::npos) return int64_t{-1};
  return static_cast<int64_t>(count_characters(std::string_view(*self.if_text()).substr(0, at)));
}

Value count_text(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("count", arguments, {"sub"}, 1);
  if (given.text(0).empty()) return static_cast<int64_t>(count_characters(*self.if_text()) + 1);
  in.budget().step(self.if_text()->size() / 8);
  return static_cast<int64_t>(split(*self.if_text(), given.text(0), -1).size() - 1);
}

Value format_method(Interpreter& in, const Value& self, const Arguments& arguments) {
  return Value::text(format_braces(*self.if_text(), arguments, in.budget()));
}

template <typename Holds>
Value every_character(const Value& self, Holds holds) {
  const std::vector<std::string_view> all = characters(*self.if_text());
  return !all.empty() && std::all_of(all.begin(), all.end(), holds);
}

Value isdigit(Interpreter&, const Value& self, const Arguments&) {
  return every_character(self, [](std::string_view c) { return c.size() == 1 && c[0] >= '0' && c[0] <= '9'; });
}

Value isspace(Interpreter&, const Value& self, const Arguments&) {
  return every_character(self, [](std::string_view c) { return strip(c, {}, Side::left).empty(); });
}

Value isupper(Interpreter&, const Value& self, const Arguments&) {
  return *self.if_text() == upper(*self.if_text()) && *self.if_text() != lower(*self.if_text());
}

Value islower(Interpreter&, const Value& self, const Arguments&) {
  return *self.if_text() == lower(*self.if_text()) && *self.if_text() != upper(*self.if_text());
}

Value isalpha(Interpreter&, const Value& self, const Arguments&) {
  return every_character(self, [](std::string_view c) { return upper(c) != lower(c); });
}

Value isalnum(Interpreter&, const Value& self, const Arguments&) {
  return every_character(
      self, [](std::string_view c) { return (c.size() == 1 && c[0] >= '0' && c[0] <= '9') || upper(c) != lower(c); });
}

template <bool at_end>
Value remove_affix(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("removeprefix", arguments, {"affix"}, 1);
  std::string_view text = *self.if_text();
  const std::string& affix = given.text(0);
  if (at_end && text.ends_with(affix)) text.remove_suffix(affix.size());
  if (!at_end && text.starts_with(affix)) text.remove_prefix(affix.size());
  return make_text(in, std::string(text));
}

Value get(Interpreter&, const Value& self, const Arguments& arguments) {
  const Given given("get", arguments, {"key", "default"}, 1);
  if (const Value* found = self.if_mapping()->find(given.value(0))) return *found;
  return given.at(1) != nullptr ? given.value(1) : Value();
}

enum class Part { keys, values, items };
template <Part part>
Value view_of(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("items", arguments, {});
  Values out;
  in.budget().make_items(self.if_mapping()->items().size());
  for (const auto& [key, value] : self.if_mapping()->items()) {
    if (part == Part::items) {
      out.push_back(Value::sequence({key, value}, Sequence::Kind::tuple));
    } else {
      out.push_back(part == Part::keys ? key : value);
    }
  }
  return Value::sequence(std::move(out), Sequence::Kind::view);
}

Value same(Interpreter&, const Value& self, const Arguments&) {
  return self;
}

Value index_of(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("index", arguments, {"value"}, 1);
  const Values& items = self.if_sequence()->items;
  for (size_t i = 0; i < items.size(); ++i) {
    if (equal(items[i], given.value(0), in.budget())) return static_cast<int64_t>(i);
  }
  throw Failure("the value is not in the list");
}

Value count_of(Interpreter& in, const Value& self, const Arguments& arguments) {
  const Given given("count", arguments, {"value"}, 1);
  int64_t count = 0;
  for (const Value& item : self.if_sequence()->items) count += equal(item, given.value(0), in.budget()) ? 1 : 0;
  return count;
}

constexpr Entry text_methods[] = {
    {"strip", strip_method<Side::both>},
    {"lstrip", strip_method<Side::left>},
    {"rstrip", strip_method<Side::right>},
    {"split", split_method<split>},
    {"rsplit", split_method<split_right>},
    {"splitlines", splitlines},
    {"startswith", affix_method<false>},
    {"endswith", affix_method<true>},
    {"replace", replace_method},
    {"upper", case_method<upper>},
    {"lower", case_method<lower>},
    {"capitalize", case_method<capitalize>},
    {"title", title_method},
    {"join", join_method},
    {"find", find_text},
    {"count", count_text},
    {"format", format_method},
    {"isdigit", isdigit},
    {"isspace", isspace},
    {"isupper", isupper},
    {"islower", islower},
    {"isalpha", isalpha},
    {"isalnum", isalnum},
    {"removeprefix", remove_affix<false>},
    {"removesuffix", remove_affix<true>},
};
constexpr Entry mapping_methods[] = {{"get", get},
                                     {"keys", view_of<Part::keys>},
                                     {"values", view_of<Part::values>},
                                     {"items", view_of<Part::items>},
                                     {"copy", same}};
constexpr Entry list_methods[] = {{"index", index_of}, {"count", count_of}, {"copy", same}};

constexpr std::string_view mapping_changes[] = {"update", "popitem", "clear", "setdefault", "pop"};
constexpr std::string_view list_changes[] = {"append", "sort", "insert", "clear", "extend", "reverse", "remove", "pop"};

}  // namespace

bool find_method(const Value& self, std::string_view name, Value& method) {
  const auto in = [&](const auto& table) {
    const auto* entry =
        std::find_if(std::begin(table), std::end(table), [&](const Entry& e) { return e.name == name; });
    if (entry == std::end(table)) return false;
    method = Value(std::make_shared<Method>(self, entry->run));
    return true;
  };
  const auto refused = [&](const auto& names) {
    if (std::find(std::begin(names), std::end(names), name) == std::end(names)) return false;
    method = Value::missing(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, self.type_name()));
    return true;
  };
  if (self.if_text() != nullptr) return in(text_methods);
  if (self.if_mapping() != nullptr) return in(mapping_methods) || refused(mapping_changes);
  const Sequence* sequence = self.if_sequence();
  if (sequence == nullptr) return false;
  if (sequence->kind == Sequence::Kind::list) return in(list_methods) || refused(list_changes);
  return sequence->kind == Sequence::Kind::tuple && (name == "index" || name == "count") && in(list_methods);
}

}  // namespace deskhand::jinja
