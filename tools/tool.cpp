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
  if (value.is_array()) {
    const size_t count = schema.value("minItems", size_t{0});
    if (value.size() != count) fail(fmt::format("{} numbers", count));
    for (const json& item : value) check_value(tool, where, item, schema["items"]);
  }
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
  const json& properties = schema["properties"];
  for (const auto& [key, value] : input.items()) {
    if (!properties.contains(key)) throw ToolError(fmt::format("{}: there is no argument \"{}\"", tool.name, key));
    check_value(tool, key, value, properties[key]);
  }
  for (const json& key : schema.value("required", json::array()))
    if (!input.contains(key)) throw ToolError(fmt::format("{}: {} is missing", tool.name, key.get<std::string>()));
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
