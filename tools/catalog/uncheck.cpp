#include "tools/click.h"

namespace deskhand {

extern const Tool tool_uncheck = tick_tool<false>("uncheck", "Untick a checkbox; does nothing when it is so already.");

}  // namespace deskhand
