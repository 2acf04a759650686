#include "core/constraint/xml_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/constraint/call_parts.h"
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
  /// What tools have in common.
  struct Shared {
    Shared(GrammarBuilder& builder, WorkLimit& limit) : work(limit), any_text(add_text_until(builder, xml_value_end)) {}
    WorkLimit& work;
    const Expression any_text;
    std::map<const CharacterAutomaton*, Expression> texts;
  };

  Tool(CallableTool tool, const XmlCallStyle& style, XmlTexts& texts, WorkLimit& work);
  Expression add_to(GrammarBuilder& builder, const XmlCallStyle& style, Shared& shared) const;

  const CallableTool given;
  std::vector<XmlParameter> parameters;
};

namespace {

void check_name(std::string_view what, const std::string& name) {
  if (const std::string error = call_name_error(what, name); !error.empty()) throw SchemaError(error);
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
  std::set<std::string> known;
  const auto add = [&](const std::string& name) {
    if (known.insert(name).second) names.push_back(name);
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

/// What goes wrong says of which tool.
template <class Function>
void of_tool(const std::string& name, const Function& function) {
  try {
    function();
  } catch (const std::runtime_error& error) {  // SchemaError, GrammarError
    throw SchemaError(fmt::format("tool \"{}\": {}", name, error.what()));
  }
}

}  // namespace

XmlCalls::Tool::Tool(CallableTool tool, const XmlCallStyle& style, XmlTexts& texts, WorkLimit& work)
    : given(std::move(tool)) {
  const SchemaAlternatives schemas(given.parameters, style.json, work);
  const SchemaParts parts = object_parts(given.parameters, schemas);
  const SchemaNames required = schemas.required(parts), names = parameter_names(parts, required);
  const auto [min, max] = counts(parts, "minProperties", "maxProperties");
  if (min > required.size() || max < names.size()) {
    parts.front().refuse("\"minProperties\" and \"maxProperties\" are not supported for parameters");
  }
  const std::set<std::string> all_required(required.begin(), required.end());
  for (const std::string& name : names) {
    work.spend(50);
    check_name("parameter", name);
    const bool needed = all_required.contains(name);
    if (!schemas.name_allowed(parts, name)) {
      if (needed) parts.front().refuse(fmt::format("\"propertyNames\" forbids \"{}\", which is required", name));
      continue;
    }
    parameters.push_back(xml_parameter(name, schemas.property(parts, name), schemas, style, texts));
    parameters.back().required = needed;
  }
  GrammarBuilder builder;  // a tool that cannot be called is an error, not a missing alternative
  Shared shared(builder, work);
  (void)builder.build(add_to(builder, style, shared));
}

Expression XmlCalls::Tool::add_to(GrammarBuilder& b, const XmlCallStyle& style, Shared& shared) const {
  SchemaCompiler compiler(b, given.parameters, style.json, shared.work);
  const Expression end = b.literal(xml_value_end);
  std::vector<Expression> call{b.literal(fmt::format("<tool_call>\n<function={}>\n", given.name))};
  for (const XmlParameter& parameter : parameters) {
    std::vector<Expression> ways;
    for (const auto& [word, value] : parameter.words) ways.push_back(b.sequence({b.literal(word), end}));
    for (const auto& texts : parameter.texts) {
      auto known = shared.texts.find(texts.get());
      if (known == shared.texts.end()) known = shared.texts.emplace(texts.get(), add_texts(b, *texts)).first;
      ways.push_back(b.sequence({known->second, end}));
    }
    for (const auto& [parts, type] : parameter.json) {
      ways.push_back(b.sequence({compiler.of_type(parts, type), end}));
    }
    if (parameter.any_text) ways.push_back(shared.any_text);
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
  std::set<std::string> names;
  XmlTexts texts;
  WorkLimit work(style_.json.max_work);
  for (CallableTool& tool : tools) {
    check_name("tool", tool.name);
    if (!names.insert(tool.name).second) throw SchemaError(fmt::format("tool \"{}\": given twice", tool.name));
    const std::string name = tool.name;
    of_tool(name, [&] { tools_.push_back(std::make_unique<const Tool>(std::move(tool), style_, texts, work)); });
  }
  try {
    GrammarBuilder builder;
    grammar_ = builder.build(add_to(builder));
  } catch (const GrammarError& error) {
    throw SchemaError(fmt::format("calls: {}", error.what()));
  }
}

XmlCalls::~XmlCalls() = default;
XmlCalls::XmlCalls(XmlCalls&&) noexcept = default;
XmlCalls& XmlCalls::operator=(XmlCalls&&) noexcept = default;

Expression XmlCalls::add_to(GrammarBuilder& b) const {
  WorkLimit work(style_.json.max_work);
  Tool::Shared shared(b, work);
  std::vector<Expression> calls;
  for (const auto& tool : tools_) {
    of_tool(tool->given.name, [&] { calls.push_back(tool->add_to(b, style_, shared)); });
  }
  return add_calls(b, b.choice(std::move(calls)), "\n", {style_.min_calls, style_.max_calls});
}

Json XmlCalls::parse(std::string_view text) const {
  XmlReader reader(text, *grammar_);
  Json calls = Json::array();
  do {
    if (calls.size() == style_.max_calls) reader.refuse(fmt::format("more than {} calls", style_.max_calls));
    if (!calls.empty()) reader.follow("\n");
    reader.expect("<tool_call>\n<function=");
    const std::string name = reader.name();
    const auto tool = std::find_if(tools_.begin(), tools_.end(), [&](const auto& t) { return t->given.name == name; });
    if (tool == tools_.end()) reader.refuse(fmt::format("there is no tool \"{}\"", one_line(name)));
    reader.follow(fmt::format("<tool_call>\n<function={}>\n", name));
    Json input = reader.input((*tool)->parameters);
    reader.expect("</function>\n</tool_call>");
    reader.follow("</function>\n</tool_call>");
    calls.push_back({{"name", name}, {"input", std::move(input)}});
  } while (reader.take("\n"));
  reader.end();
  if (calls.size() < style_.min_calls) reader.refuse(fmt::format("fewer than {} calls", style_.min_calls));
  return calls;
}

}  // namespace deskhand
