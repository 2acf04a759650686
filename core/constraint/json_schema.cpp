#include "core/constraint/json_schema.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/constraint/json_schema_compiler.h"

namespace deskhand {

using Json = nlohmann::ordered_json;

GrammarBuilder::Expression add_json_schema(GrammarBuilder& builder, const Json& schema, const JsonStyle& style) {
  WorkLimit work(style.max_work);
  SchemaCompiler compiler(builder, schema, style, work);
  const auto start = compiler.value({{&schema, "#"}});
  compiler.finish();
  return start;
}

Grammar json_schema_grammar(const Json& schema, const JsonStyle& style) {
  try {
    GrammarBuilder builder;
    return builder.build(add_json_schema(builder, schema, style));
  } catch (const GrammarError& error) {
    throw SchemaError(fmt::format("schema: {}", error.what()));
  }
}

Grammar json_grammar(const JsonStyle& style) {
  GrammarBuilder builder;
  return builder.build(JsonParts(builder, style).value());
}

}  // namespace deskhand
