#pragma once
// What the grammars of calls share.
//
//   add_calls(b, call, "\n", {1, 3});                    // one to three calls, a newline between them
//   call_name_error("tool", "a b");                      // tool "a b": expected a name of 1…128 letters, …
//
// Throws GrammarError.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/constraint/grammar.h"

namespace deskhand {

struct CallCount {
  uint32_t min, max;
};

/// GrammarError unless 1 ≤ min ≤ max.
GrammarBuilder::Expression add_calls(GrammarBuilder& builder, GrammarBuilder::Expression call, std::string_view between,
                                     CallCount count);

/// Why this is no name of a call or an argument; empty when it is one.
std::string call_name_error(std::string_view what, std::string_view name);

}  // namespace deskhand
