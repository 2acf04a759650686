#include "core/constraint/xml_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/constraint/json_schema_alternatives.h"
#include "core/constraint/json_schema_compiler.h"
#include "core/constraint/text_grammar.h"
#include "core/constraint/xml_parameter.h"
#include "core/constraint/xml_reader.h"
#include "core/metadata.h"

namespace deskhand {

using Json = nlohmann::ordered_json;
using Expression = GrammarBuilder::Expression;

struct XmlCalls::Tool {
  Tool(CallableTool tool, const XmlCallStyle& style);
  Expression add_to(GrammarBuilder& builder, const XmlCallStyle& style, Expression any_text) const;

  const CallableTool given;
  SchemaAlternatives schemas;
  std::vector<XmlParameter> parameters;
};

namespace {

void check_name(const std::string& name, const std::string& what) {
  constexpr size_t longest = 128;
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  if (name.empty() || name.size() > longest || !std::all_of(name.begin(), name.end(), plain)) {
    throw SchemaError(fmt::format("{} \"{}\": expected a name of 1…{} letters, digits, \"_\", \"-\" and \".\"", what,
                                  name.substr(0, longest), longest));
  }
}

/// The schemas of the set of parameters, which must be one.
SchemaParts object_parts(const Json& parameters, const SchemaAlternatives& schemas) {
  const SchemaPlace root{&parameters, "#"};
  std::vector<SchemaParts> ways = schemas.of({root});
  if (ways.size() > 1) root.refuse("alternatives between whole sets of parameters are not supported");
  if (ways.empty()) root.refuse("nothing satisfies it");
  SchemaParts parts = std::move(ways.front());
  if (parts.empty()) return parts;
  if (schemas.enumerated(parts)) root.refuse("\"enum\" or \"const\" of whole sets of parameters is not supported");
  if (!contains(common_types(parts), "object")) root.refuse("parameters that are no object");
  return parts;
}

SchemaNames parameter_names(const SchemaParts& parts, const SchemaNames& required) {
  SchemaNames names;
  const auto add = [&](const std::string& name) {
    if (!contains(names, name)) names.push_back(name);
  };
  for (const SchemaPlace& place : parts) {
    const Json* properties = place.find("properties");
    if (properties == nullptr) continue;
    if (!properties->is_object()) place.refuse("\"properties\" is not an object");
    for (const auto& member : properties->items()) add(member.key());
  }
  std::for_each(required.begin(), required.end(), add);
  return names;
}

}  // namespace

XmlCalls::Tool::Tool(CallableTool tool, const XmlCallStyle& style)
    : given(std::move(tool)), schemas(given.parameters, style.json) {
  const SchemaParts parts = object_parts(given.parameters, schemas);
  const SchemaNames required = schemas.required(parts), names = parameter_names(parts, required);
  const auto [min, max] = counts(parts, "minProperties", "maxProperties");
  if (min > required.size() || max < names.size()) {
    parts.front().refuse("\"minProperties\" and \"maxProperties\" are not supported for parameters");
  }
  for (const std::string& name : names) {
    check_name(name, "parameter");
    const bool needed = contains(required, name);
    if (!schemas.name_allowed(parts, name)) {
      if (needed) parts.front().refuse(fmt::format("\"propertyNames\" forbids \"{}\", which is required", name));
      continue;
    }
    parameters.push_back(xml_parameter(name, needed, schemas.property(parts, name), schemas, style));
  }
  GrammarBuilder builder;  // a tool that cannot be called is an error, not a missing alternative
  (void)builder.build(add_to(builder, style, add_text_until(builder, xml_value_end)));
}

Expression XmlCalls::Tool::add_to(GrammarBuilder& b, const XmlCallStyle& style, Expression any_text) const {
  SchemaCompiler compiler(b, given.parameters, style.json);
  const Expression end = b.literal(xml_value_end);
  std::vector<Expression> call{b.literal(fmt::format("<tool_call>\n<function={}>\n", given.name))};
  for (const XmlParameter& parameter : parameters) {
    std::vector<Expression> ways;
    for (const auto& [word, value] : parameter.words) ways.push_back(b.sequence({b.literal(word), end}));
    for (const CharacterAutomaton& texts : parameter.texts) ways.push_back(b.sequence({add_texts(b, texts), end}));
    for (const auto& [parts, type] : parameter.json) {
      ways.push_back(b.sequence({compiler.of_type(parts, type), end}));
    }
    if (parameter.any_text) ways.push_back(any_text);
    const Expression written = b.sequence(
        {b.literal(fmt::format("<parameter={}>\n", parameter.name)), b.choice(std::move(ways)), b.literal("\n")});
    call.push_back(parameter.required ? written : b.optional(written));
  }
  compiler.finish();
  call.push_back(b.literal("</function>\n</tool_call>"));
  return b.sequence(std::move(call));
}

XmlCalls::XmlCalls(std::vector<CallableTool> tools, XmlCallStyle style) : style_(std::move(style)) {
  if (tools.empty()) throw SchemaError("calls: there are no tools");
  if (style_.min_calls == 0 || style_.min_calls > style_.max_calls) {
    throw SchemaError(fmt::format("calls: at least {} and at most {}", style_.min_calls, style_.max_calls));
  }
  std::set<std::string> names;
  for (CallableTool& tool : tools) {
    check_name(tool.name, "tool");
    if (!names.insert(tool.name).second) throw SchemaError(fmt::format("tool \"{}\": given twice", tool.name));
    const std::string name = tool.name;
    try {
      tools_.push_back(std::make_unique<const Tool>(std::move(tool), style_));
    } catch (const std::runtime_error& error) {  // SchemaError, GrammarError
      throw SchemaError(fmt::format("tool \"{}\": {}", name, error.what()));
    }
  }
}

XmlCalls::~XmlCalls() = default;
XmlCalls::XmlCalls(XmlCalls&&) noexcept = default;
XmlCalls& XmlCalls::operator=(XmlCalls&&) noexcept = default;

Expression XmlCalls::add_to(GrammarBuilder& b) const {
  const Expression any_text = add_text_until(b, xml_value_end);
  std::vector<Expression> calls;
  for (const auto& tool : tools_) calls.push_back(tool->add_to(b, style_, any_text));
  const auto call = b.declare("call");
  b.define(call, b.choice(std::move(calls)));
  const uint32_t unbounded = GrammarBuilder::unbounded;
  const uint32_t more = style_.max_calls == unbounded ? unbounded : style_.max_calls - 1;
  return b.sequence({b.use(call), b.repeat(b.sequence({b.literal("\n"), b.use(call)}), style_.min_calls - 1, more)});
}

Grammar XmlCalls::grammar() const {
  GrammarBuilder builder;
  return builder.build(add_to(builder));
}

Json XmlCalls::parse(std::string_view text) const {
  XmlReader reader(text);
  Json calls = Json::array();
  do {
    reader.expect("<tool_call>\n<function=");
    const std::string name = reader.name();
    const auto tool = std::find_if(tools_.begin(), tools_.end(), [&](const auto& t) { return t->given.name == name; });
    if (tool == tools_.end()) reader.refuse(fmt::format("there is no tool \"{}\"", one_line(name)));
    Json input = Json::object();
    while (reader.take("<parameter=")) reader.parameter((*tool)->parameters, (*tool)->schemas, input);
    reader.expect("</function>\n</tool_call>");
    for (const XmlParameter& parameter : (*tool)->parameters) {
      if (parameter.required && !input.contains(parameter.name)) {
        reader.refuse(fmt::format("\"{}\" has no parameter \"{}\", which is required", name, parameter.name));
      }
    }
    calls.push_back({{"name", name}, {"input", std::move(input)}});
    if (calls.size() > style_.max_calls) reader.refuse(fmt::format("more than {} calls", style_.max_calls));
  } while (reader.take("\n"));
  reader.end();
  if (calls.size() < style_.min_calls) reader.refuse(fmt::format("fewer than {} calls", style_.min_calls));
  return calls;
}

}  // namespace deskhand
