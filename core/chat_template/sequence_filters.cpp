#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/chat_template/filters.h"
#include "core/chat_template/given.h"
#include "core/chat_template/interpreter.h"
#include "core/chat_template/operators.h"
#include "core/chat_template/text_functions.h"

namespace deskhand::jinja {
namespace {

/// Jinja's "a.b.0": attributes and indices one after the other.
Value attribute_path(Interpreter& in, Value value, const Value& path, const Value* otherwise = nullptr) {
  const std::string* text = path.if_text();
  if (text == nullptr) return in.item(value, path);
  for (const std::string_view part : split(*text, ".", -1)) {
    int64_t index = 0;
    const auto end = part.data() + part.size();
    const bool number = !part.empty() && part[0] != '-' && std::from_chars(part.data(), end, index).ptr == end;
    value = in.item(value, number ? Value(index) : Value::text(std::string(part)));
    if (otherwise != nullptr && value.is_missing()) value = *otherwise;
  }
  return value;
}

Value without_case(const Value& value) {
  return value.if_text() != nullptr ? Value::text(lower(*value.if_text())) : value;
}

/// The values to sort or compare items by.
Values keys_of(Interpreter& in, const Values& items, const Value* attribute, bool case_sensitive) {
  Values keys;
  for (const Value& item : items) {
    Value key = attribute != nullptr && !attribute->is_none() ? attribute_path(in, item, *attribute) : item;
    keys.push_back(case_sensitive ? key : without_case(key));
  }
  return keys;
}

/// Stable; comparisons that fail throw from here, not from inside std::sort.
std::vector<size_t> sorted_order(Interpreter& in, const Values& keys, bool reverse) {
  std::vector<size_t> order(keys.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::vector<size_t> scratch(order.size());
  // Merge sort from the bottom: whatever the comparison says, every step stays inside the arrays.
  for (size_t width = 1; width < order.size(); width *= 2) {
    for (size_t begin = 0; begin < order.size(); begin += 2 * width) {
      const size_t middle = std::min(begin + width, order.size()), end = std::min(begin + 2 * width, order.size());
      size_t left = begin, right = middle;
      for (size_t to = begin; to < end; ++to) {
        const bool take_right =
            left == middle ||
            (right < end && (reverse ? ordered("<", keys[order[left]], keys[order[right]], in.budget())
                                     : ordered("<", keys[order[right]], keys[order[left]], in.budget())));
        scratch[to] = order[take_right ? right++ : left++];
      }
    }
    order.swap(scratch);
  }
  return order;
}

Values in_order(const Values& items, const std::vector<size_t>& order) {
  Values out;
  out.reserve(items.size());
  for (const size_t i : order) out.push_back(items[i]);
  return out;
}

Value sort(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  const Values items = in.iterate(input);
  if (given.has(2) && given.value(2).if_text() != nullptr && given.text(2).find(',') != std::string::npos) {
    Values keys;
    for (const Value& item : items) {
      Values parts;
      for (const std::string_view path : split(given.text(2), ",", -1)) {
        const Value part = attribute_path(in, item, Value::text(std::string(path)));
        parts.push_back(given.truth(1, false) ? part : without_case(part));
      }
      keys.push_back(Value::sequence(std::move(parts)));
    }
    return Value::sequence(in_order(items, sorted_order(in, keys, given.truth(0, false))));
  }
  const Values keys = keys_of(in, items, given.at(2), given.truth(1, false));
  return Value::sequence(in_order(items, sorted_order(in, keys, given.truth(0, false))));
}

Value dict_sort(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  const std::string by = given.text(1, "key");
  if (by != "key" && by != "value") throw Failure("You can only sort by either \"key\" or \"value\"");
  const Mapping* mapping = input.present().if_mapping();
  if (mapping == nullptr) {
    throw Failure(fmt::format("'{} object' has no attribute 'items'", input.type_name()));
  }
  Values pairs, keys;
  for (const auto& [key, value] : mapping->items()) {
    pairs.push_back(Value::sequence({key, value}, Sequence::Kind::tuple));
    const Value& chosen = by == "key" ? key : value;
    keys.push_back(given.truth(0, false) ? chosen : without_case(chosen));
  }
  in.budget().make_items(pairs.size());
  return Value::sequence(in_order(pairs, sorted_order(in, keys, given.truth(2, false))));
}

template <bool largest>
Value extreme(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given(largest ? "max" : "min", arguments, {"case_sensitive", "attribute"});
  const Values items = in.iterate(input);
  if (items.empty()) return Value::missing("No aggregated item, sequence was empty.");
  const Values keys = keys_of(in, items, given.at(1), given.truth(0, false));
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i) {
    if (ordered(largest ? ">" : "<", keys[i], keys[best], in.budget())) best = i;
  }
  return items[best];
}

Value unique(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("unique", arguments, {"case_sensitive", "attribute"});
  const Values items = in.iterate(input);
  const Values keys = keys_of(in, items, given.at(1), given.truth(0, false));
  Mapping seen;
  Values out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (seen.find(keys[i]) != nullptr) continue;
    seen.set(keys[i], true);
    out.push_back(items[i]);
  }
  return Value::sequence(std::move(out), Sequence::Kind::generator);
}

Value sum(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("sum", arguments, {"attribute", "start"});
  Value total = given.at(1) != nullptr ? given.value(1) : Value(int64_t{0});
  for (const Value& item : in.iterate(input)) {
    total = arithmetic("+", total, given.has(0) ? attribute_path(in, item, given.value(0)) : item, in.budget());
  }
  return total;
}

Value length(Interpreter& in, const Value& input, const Arguments&) {
  if (input.is_missing()) return int64_t{0};
  if (const std::string* text = input.if_text()) {
    in.budget().step(text->size() / 64);
    return static_cast<int64_t>(count_characters(*text));
  }
  if (const Mapping* mapping = input.if_mapping()) return static_cast<int64_t>(mapping->items().size());
  const Sequence* sequence = input.if_sequence();
  if (sequence == nullptr || sequence->kind == Sequence::Kind::generator) {
    throw Failure(fmt::format("object of type '{}' has no len()", input.type_name()));
  }
  return static_cast<int64_t>(sequence->items.size());
}

Value join(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("join", arguments, {"d", "attribute"});
  const std::string between = given.at(0) != nullptr ? in.str(given.value(0)) : "";
  std::string out;
  bool first = true;
  for (const Value& item : in.iterate(input)) {
    if (!std::exchange(first, false)) out += between;
    out += in.str(given.has(1) ? attribute_path(in, item, given.value(1)) : item);
    if (out.size() > Budget::max_text) throw Failure("the template makes too much text");
  }
  in.budget().make_text(out.size());
  return Value::text(std::move(out));
}

Value list(Interpreter& in, const Value& input, const Arguments&) {
  return Value::sequence(in.iterate(input));
}

Value items(Interpreter& in, const Value& input, const Arguments&) {
  Values out;
  if (!input.is_missing()) {
    const Mapping* mapping = input.if_mapping();
    if (mapping == nullptr) throw Failure("Can only get item pairs from a mapping.");
    for (const auto& [key, value] : mapping->items()) {
      out.push_back(Value::sequence({key, value}, Sequence::Kind::tuple));
    }
  }
  in.budget().make_items(out.size());
  return Value::sequence(std::move(out), Sequence::Kind::generator);
}

Value first(Interpreter& in, const Value& input, const Arguments&) {
  const Values all = in.iterate(input);
  return all.empty() ? Value::missing("No first item, sequence was empty.") : all.front();
}

Value last(Interpreter& in, const Value& input, const Arguments&) {
  const Values all = in.iterate(input);
  return all.empty() ? Value::missing("No last item, sequence was empty.") : all.back();
}

Value reverse(Interpreter& in, const Value& input, const Arguments&) {
  Values all = in.iterate(input);
  std::reverse(all.begin(), all.end());
  if (input.if_text() == nullptr) return Value::sequence(std::move(all), Sequence::Kind::generator);
  std::string text;
  for (const Value& character : all) text += *character.if_text();
  return Value::text(std::move(text));
}

Value map(Interpreter& in, const Value& input, const Arguments& arguments) {
  Values out;
  if (!input.truth()) return Value::sequence({}, Sequence::Kind::generator);
  const bool by_attribute = arguments.positional.empty();
  Arguments rest = arguments;
  if (!by_attribute) rest.positional.erase(rest.positional.begin());
  std::optional<Given> given;
  if (by_attribute) given.emplace("map", arguments, std::initializer_list<std::string_view>{"attribute", "default"}, 1);
  for (const Value& item : in.iterate(input)) {
    if (by_attribute) {
      out.push_back(attribute_path(in, item, given->value(0), given->at(1)));
    } else {
      out.push_back(in.filter(in.str(arguments.positional[0]), item, rest));
    }
  }
  return Value::sequence(std::move(out), Sequence::Kind::generator);
}

/// select, reject and their forms with an attribute.
template <bool keeps, bool by_attribute>
Value select(Interpreter& in, const Value& input, const Arguments& arguments) {
  if (!input.truth()) return Value::sequence({}, Sequence::Kind::generator);
  const size_t offset = by_attribute ? 1 : 0;
  if (arguments.positional.size() < offset) throw Failure("Missing parameter for attribute name");
  const bool has_test = arguments.positional.size() > offset;
  Arguments rest = arguments;
  const size_t used = offset + (has_test ? 1 : 0);
  rest.positional.erase(rest.positional.begin(), rest.positional.begin() + static_cast<std::ptrdiff_t>(used));
  Values out;
  for (const Value& item : in.iterate(input)) {
    const Value tested = by_attribute ? attribute_path(in, item, arguments.positional[0]) : item;
    const bool holds = has_test ? in.test(in.str(arguments.positional[offset]), tested, rest) : tested.truth();
    if (holds == keeps) out.push_back(item);
  }
  return Value::sequence(std::move(out), Sequence::Kind::generator);
}

Value batch(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("batch", arguments, {"linecount", "fill_with"}, 1);
  const int64_t count = given.integer(0, 1);
  if (count < 1) throw Failure("batch() needs a positive count");
  Values out, row;
  const auto flush = [&] { out.push_back(Value::sequence(std::exchange(row, {}))); };
  for (const Value& item : in.iterate(input)) {
    if (static_cast<int64_t>(row.size()) == count) flush();
    row.push_back(item);
  }
  if (!row.empty()) {
    if (given.has(1)) in.budget().make_items(static_cast<size_t>(count));
    while (given.has(1) && static_cast<int64_t>(row.size()) < count) row.push_back(given.value(1));
    flush();
  }
  return Value::sequence(std::move(out), Sequence::Kind::generator);
}

Value group_by(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
  const Values all = in.iterate(input);
  Values keys, real;
  for (const Value& item : all) {
    real.push_back(attribute_path(in, item, given.value(0), given.at(1)));
    keys.push_back(given.truth(2, false) ? real.back() : without_case(real.back()));
  }
  Values out, group;
  const std::vector<size_t> order = sorted_order(in, keys, false);
  for (size_t i = 0; i < order.size(); ++i) {
    group.push_back(all[order[i]]);
    if (i + 1 < order.size() && equal(keys[order[i]], keys[order[i + 1]], in.budget())) continue;
    const Value& key = real[order[i + 1 - group.size()]];
    out.push_back(Value::sequence({key, Value::sequence(std::exchange(group, {}))}, Sequence::Kind::tuple));
  }
  return Value::sequence(std::move(out));
}

Value attr(Interpreter& in, const Value& input, const Arguments& arguments) {
  const Given given("attr", arguments, {"name"}, 1);
  if (input.present().if_mapping() != nullptr) {
    return Value::missing(fmt::format("'dict object' has no attribute '{}'", given.text(0)));
  }
  return in.attribute(input, given.text(0));
}

constexpr Filter table[] = {
    {"length", length},
    {"count", length},
    {"join", join},
    {"list", list},
    {"items", items},
    {"dictsort", dict_sort},
    {"sort", sort},
    {"first", first},
    {"last", last},
    {"reverse", reverse},
    {"map", map},
    {"select", select<true, false>},
    {"reject", select<false, false>},
    {"selectattr", select<true, true>},
    {"rejectattr", select<false, true>},
    {"unique", unique},
    {"min", extreme<false>},
    {"max", extreme<true>},
    {"sum", sum},
    {"batch", batch},
    {"groupby", group_by},
    {"attr", attr},
};

}  // namespace

std::span<const Filter> sequence_filters() {
  return table;
}

Value Interpreter::filter(std::string_view name, const Value& input, const Arguments& arguments) {
  const Budget::Deeper level(budget_);
  budget_.step();
  for (const std::span<const Filter> filters : {text_filters(), sequence_filters()}) {
    for (const Filter& known : filters) {
      if (known.name == name) return known.run(*this, input, arguments);
    }
  }
  throw Failure(fmt::format("No filter named '{}'.", name));
}

}  // namespace deskhand::jinja
