#include "tools/tool.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

using nlohmann::json;

bool has_type(const json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  return value.is_object();
}

size_t count_characters(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string expected_count(size_t least, size_t most) {
  if (least == most) return fmt::format("{} numbers", least);
  return fmt::format("a list of {} to {} entries", least, most);
}

void check_value(const Tool& tool, const std::string& where, const json& value, const json& schema);

/// The members of an object; `where` is empty for the input itself.
void check_members(const Tool& tool, const std::string& where, const json& value, const json& schema) {
  const std::string place = where.empty() ? "" : where + ": ";
  for (const auto& [key, member] : value.items()) {
    if (!schema["properties"].contains(key))
      throw ToolError(fmt::format("{}: {}there is no argument \"{}\"", tool.name, place, shortened(key, 80)));
    check_value(tool, where.empty() ? key : where + "." + key, member, schema["properties"][key]);
  }
  for (const json& key : schema.value("required", json::array()))
    if (!value.contains(key))
      throw ToolError(fmt::format("{}: {}{} is missing", tool.name, place, key.get<std::string>()));
}

void check_value(const Tool& tool, const std::string& where, const json& value, const json& schema) {
  const std::string type = schema.value("type", "object");
  const auto fail = [&](const std::string& expected) {
    throw ToolError(fmt::format("{}: {} must be {}, got {}", tool.name, where, expected,
                                shortened(value.dump(-1, ' ', false, json::error_handler_t::replace), 80)));
  };
  if (!has_type(value, type)) fail(type == "integer" ? "an integer" : "a " + type);
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    fail("one of " + schema["enum"].dump());
  if (value.is_number()) {
    const double number = value.get<double>();
    if (schema.contains("minimum") && number < schema["minimum"].get<double>())
      fail("at least " + schema["minimum"].dump());
    if (schema.contains("maximum") && number > schema["maximum"].get<double>())
      fail("at most " + schema["maximum"].dump());
  }
  if (value.is_string() && schema.contains("maxLength")) {
    const size_t most = schema["maxLength"].get<size_t>();
    if (count_characters(value.get_ref<const std::string&>()) > most) fail(fmt::format("at most {} characters", most));
  }
  if (value.is_array()) {
    const size_t least = schema.value("minItems", size_t{0}), most = schema.value("maxItems", least);
    if (value.size() < least || value.size() > most) fail(expected_count(least, most));
    for (const json& item : value) check_value(tool, where, item, schema["items"]);
  }
  if (value.is_object()) check_members(tool, where, value, schema);
}

}  // namespace

const Tool* find_tool(std::string_view name) {
  for (const Tool* tool : all_tools())
    if (tool->name == name) return tool;
  return nullptr;
}

void check_input(const Tool& tool, const json& input) {
  const json schema = json::parse(tool.schema);
  if (!input.is_object()) throw ToolError(fmt::format("{}: the input must be an object", tool.name));
  check_members(tool, "", input, schema);
}

std::optional<Target> locate_target(const Tool& tool, const ToolContext& context, const json& input) {
  check_input(tool, input);
  if (!tool.locate) return std::nullopt;
  try {
    return tool.locate(context, input);
  } catch (const OutOfFrame& error) {
    throw ToolError(fmt::format("{}: {}", tool.name, error.what()));
  } catch (const std::invalid_argument& error) {  // modifiers
    throw ToolError(fmt::format("{}: {}", tool.name, error.what()));
  }
}

ToolResult run_tool(const Tool& tool, const ToolContext& context, const json& input,
                    const std::optional<Target>& target) {
  try {
    check_input(tool, input);
    return tool.run(context, input, target);
  } catch (const ToolError& error) {
    return {.ok = false, .text = error.what()};
  } catch (const InputError& error) {  // a held modifier, a character without a key
    return {.ok = false, .text = fmt::format("{}: {}", tool.name, error.what())};
  } catch (const std::invalid_argument& error) {  // an unknown key or modifier
    return {.ok = false, .text = fmt::format("{}: {}", tool.name, error.what())};
  }
}

}  // namespace deskhand
