#include "tools/click.h"

namespace deskhand {

extern const Tool tool_left_click = click_tool<MouseButton::left, 1>("left_click", "Click the left mouse button.");

}  // namespace deskhand
