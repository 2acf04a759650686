#pragma once
// AT-SPI's numbers for roles and states as Deskhand's words.
//
//   AccessibleNode node;
//   apply_role(node, ATSPI_ROLE_CHECK_BOX, states);     // kind, role and the state flags

#include <cstdint>

#include "platform/atspi/node.h"

namespace deskhand {

/// Sets kind, role and flags from a role number and the 64 state bits.
void apply_role(AccessibleNode& node, int64_t role, uint64_t states);

}  // namespace deskhand
