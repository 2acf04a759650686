#pragma once
// Calls in tags: <tool_call> around JSON, or around <function=…> with <parameter=…>, repaired where one reading is
// left.
//
//   tagged_calls("Action: go\n<tool_call>\n{\"name\": \"key\", \"arguments\": {\"text\": \"Return\"}}\n</tool_call>",
//   {});
//
// All values of the second form are texts; Arguments reads numbers, lists and words out of them. A parameter's text
// ends at the </parameter> that is followed by a declared parameter or the end of the call. DialectError for a call
// that cannot be read; no calls is an empty list.

#include <string_view>
#include <vector>

#include "agent/reply/call.h"

namespace deskhand {

struct TaggedCallStyle {
  NameList parameters{};    ///< that the tools declare
  bool only_first = false;  ///< what follows the first call is not read
};

std::vector<Call> tagged_calls(std::string_view content, const TaggedCallStyle& style);
/// One {"name", "arguments"}; "parameters" for "arguments", a text that holds them, and arguments beside the name.
Call call_of_json(const nlohmann::json& value);

}  // namespace deskhand
