// A chat template: rendered for a conversation with tools and for one with pictures, or ended by TemplateError.

#include "core/chat_template/chat_template.h"

#include <ctime>
#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::ordered_json;

const Json& with_tools() {
  static const Json variables = Json::parse(R"({
    "messages": [{"role": "system", "content": "Be <b>brief</b>."}, {"role": "user", "content": " Héllo\n"},
      {"role": "assistant", "content": "<think>\nhm\n</think>\n", "reasoning_content": "so",
       "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "click", "arguments": {"x": 1, "y": [2.5, null, true]}}}]},
      {"role": "tool", "name": "click", "tool_call_id": "abcdefghi", "content": "done"}],
    "tools": [{"type": "function", "function": {"name": "click", "description": "Clicks.\n",
      "parameters": {"type": "object", "properties": {"x": {"type": "integer", "enum": [1, 2]}}, "required": ["x"]}}}],
    "add_generation_prompt": true, "enable_thinking": false, "date_string": "1 Jan 2026"})");
  return variables;
}

const Json& with_pictures() {
  static const Json variables = Json::parse(R"({
    "messages": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]},
                 {"role": "assistant", "content": ""}],
    "add_generation_prompt": false})");
  return variables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deskhand;
  std::tm now{};
  now.tm_year = 126;
  now.tm_mday = 24;
  try {
    const ChatTemplate chat(std::string_view(reinterpret_cast<const char*>(data), size), {"<s>", "</s>"});
    for (const Json* variables : {&with_tools(), &with_pictures()}) {
      try {
        (void)chat.render(*variables, now);
      } catch (const TemplateError&) {
      }
    }
  } catch (const TemplateError&) {
  }
  return 0;
}
