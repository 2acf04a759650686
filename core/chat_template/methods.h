#pragma once
// The methods of strings, dicts and lists that templates may call. Those that would change their object are refused as
// the sandbox of transformers refuses them.

#include <string_view>

#include "core/chat_template/value.h"

namespace deskhand::jinja {

/// The method of that name, bound to the value; false when its type has none.
bool find_method(const Value& self, std::string_view name, Value& method);

}  // namespace deskhand::jinja
