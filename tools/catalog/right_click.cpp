#include "tools/click.h"

namespace deskhand {

extern const Tool tool_right_click = click_tool<MouseButton::right, 1>("right_click", "Click the right mouse button.");

}  // namespace deskhand
