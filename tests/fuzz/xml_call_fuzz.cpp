// Calls of a few tools: refused with CallTextError, or read as values that are valid for the schemas. What the grammar
// admits is read, but for the reader's own limits.

#include "core/constraint/xml_call.h"

#include <algorithm>
#include <string>

#include "tests/fuzz/check.h"
#include "tests/support/schema_validator.h"

namespace deskhand::fuzz {
namespace {

using Json = nlohmann::ordered_json;

std::vector<CallableTool> tools() {
  return {{"act", Json::parse(R"({"type": "object", "required": ["action"], "properties": {
              "action": {"type": "string", "enum": ["key", "wait", "null"]}, "text": {"type": "string"},
              "point": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1000}, "minItems": 2,
                        "maxItems": 2},
              "title": {"type": ["string", "null"], "pattern": "^[a-z\\n</]+$", "maxLength": 20},
              "all": {"type": "boolean"}, "status": {"enum": ["a", 7, null, {"a": [1, "é"]}]}}})")},
          {"free", Json::parse(R"({"properties": {"list": {"type": "array"}, "map": {"type": "object"},
              "number": {"type": "number"}, "bounded": {"type": "number", "minimum": -1.5, "exclusiveMaximum": 7}}})")},
          {"tree", Json::parse(R"({"properties": {"n": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"anyOf": [
              {"type": "array", "items": {"$ref": "#/$defs/n"}, "minItems": 1},
              {"type": "array", "items": {"$ref": "#/$defs/n"}, "maxItems": 3},
              {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"type": "string", "maxLength": 9}},
               "required": ["a"]}, {"type": "integer"}]}}})")}};
}

void check_valid(const Json& read, const std::vector<CallableTool>& known) {
  for (const Json& call : read) {
    const auto tool = std::find_if(known.begin(), known.end(), [&](const auto& t) { return call["name"] == t.name; });
    expect(tool != known.end(), "a call names one of the tools");
    expect(testing::SchemaValidator(tool->parameters).valid(call["input"]), "what is read is valid for its schema");
  }
}

bool is_limit(const std::string& error) {
  const auto says = [&](const char* what) { return error.find(what) != std::string::npos; };
  return says("appears twice") || says("nests deeper") || says("keys") || says("longer than");
}

}  // namespace
}  // namespace deskhand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deskhand;
  static const std::vector<CallableTool> tools = fuzz::tools();
  static const XmlCalls calls(tools, {.max_calls = 3}), with_words(tools, {.max_calls = 3, .python_words = true});
  const std::string text(data, data + size);
  for (const XmlCalls* one : {&calls, &with_words}) {
    try {
      fuzz::check_valid(one->parse(text), tools);
    } catch (const CallTextError& error) {
      fuzz::expect(fuzz::is_limit(error.what()) || !one->grammar().matches(text), "what the grammar admits is read");
    }
  }
  return 0;
}
