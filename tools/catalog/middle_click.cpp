#include "tools/click.h"

namespace deskhand {

extern const Tool tool_middle_click =
    click_tool<MouseButton::middle, 1>("middle_click", "Click the middle mouse button.");

}  // namespace deskhand
