#pragma once
// Calls as Python writes them: Name(key=literal, key=[Name(…), …]).
//
//   size_t at = 0;
//   PythonCall call = read_python_call("Click(box=(512, 300))", at);      // {"Click", {{"box", [512, 300]}}}
//
// DialectError: truncated where the text ends inside the call, malformed, bad_args for an argument without a name.

#include <string_view>
#include <utility>
#include <vector>

#include "agent/reply/call.h"

namespace deskhand {

struct PythonCall {
  Call call{};
  std::vector<std::pair<std::string, std::vector<PythonCall>>> nested{};  ///< arguments that are lists of calls
};

PythonCall read_python_call(std::string_view text, size_t& at);
/// An identifier at this place; empty when there is none.
std::string_view identifier_at(std::string_view text, size_t at);

}  // namespace deskhand
