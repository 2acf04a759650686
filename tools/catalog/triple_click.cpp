#include "tools/click.h"

namespace deskhand {

extern const Tool tool_triple_click =
    click_tool<MouseButton::left, 3>("triple_click", "Click the left mouse button three times: selects a line.");

}  // namespace deskhand
