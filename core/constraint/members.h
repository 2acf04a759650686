#pragma once
// Members in a fixed order with separators between them, optional ones left out: of objects and of calls.
//
//   add_members(b, {{"x", b.literal("x=1"), true}, {"y", b.literal("y=2"), false}}, ", ");    // "x=1", "x=1, y=2"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/constraint/grammar.h"

namespace deskhand {

struct Member {
  std::string name;  ///< for error messages
  GrammarBuilder::Expression text;
  bool required;
};

/// Members of any number behind the named ones.
struct MoreMembers {
  GrammarBuilder::Expression member;
  uint32_t min = 0, max = GrammarBuilder::unbounded;
};

GrammarBuilder::Expression add_members(GrammarBuilder& builder, const std::vector<Member>& members,
                                       std::string_view separator,
                                       const std::optional<MoreMembers>& others = std::nullopt);

}  // namespace deskhand
