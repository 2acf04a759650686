#include "tools/click.h"

namespace deskhand {

extern const Tool tool_check =
    tick_tool<true>("check", "Tick a checkbox or choose a radio button; does nothing when it is so already.");

}  // namespace deskhand
