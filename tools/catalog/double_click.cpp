#include "tools/click.h"

namespace deskhand {

extern const Tool tool_double_click =
    click_tool<MouseButton::left, 2>("double_click", "Double-click the left mouse button.");

}  // namespace deskhand
