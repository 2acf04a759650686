#include "core/constraint/members.h"

#include <algorithm>

namespace deskhand {

using Expression = GrammarBuilder::Expression;

// After each member either a further one or the end. `rest` writes what may follow once a member stands, `firsts` are
// the first members that there may be.
Expression add_members(GrammarBuilder& b, const std::vector<Member>& members, std::string_view separator,
                       const std::optional<MoreMembers>& others) {
  constexpr uint32_t unbounded = GrammarBuilder::unbounded;
  const auto shared = [&](const std::string& name, Expression body) {
    const auto rule = b.declare(name);
    b.define(rule, body);
    return b.use(rule);
  };
  std::vector<Expression> firsts;
  bool all_optional = true;
  Expression rest = b.empty();
  if (others && others->min <= others->max && others->max > 0) {
    const Expression one = shared("other member", others->member);
    const Expression more = b.sequence({b.literal(separator), one});
    rest = b.repeat(more, others->min, others->max);
    const uint32_t left = others->max == unbounded ? unbounded : others->max - 1;
    firsts.push_back(b.sequence({one, b.repeat(more, others->min > 0 ? others->min - 1 : 0, left)}));
  } else if (others && others->min > others->max) {
    rest = b.nothing();
  }
  if (others && others->min > 0) all_optional = false;
  for (size_t i = members.size(); i-- > 0;) {
    const Member& member = members[i];
    const Expression named = shared("member " + member.name, member.text);
    const Expression tail = shared("members after " + member.name, rest);
    if (member.required) {
      firsts.clear();
      all_optional = false;
    }
    firsts.push_back(b.sequence({named, tail}));
    const Expression next = b.sequence({b.literal(separator), named});
    rest = b.sequence({member.required ? next : b.optional(next), tail});
  }
  if (all_optional) firsts.push_back(b.empty());
  std::reverse(firsts.begin(), firsts.end());
  return b.choice(std::move(firsts));
}

}  // namespace deskhand
