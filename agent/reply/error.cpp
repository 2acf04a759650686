#include "agent/reply/error.h"

#include <array>

#include "core/tokenizer/utf8.h"

namespace deskhand {

std::string_view fault_name(ReplyFault fault) {
  static constexpr std::array<std::string_view, 8> names = {"no_action", "truncated",    "malformed", "unknown_action",
                                                            "bad_args",  "out_of_range", "ambiguous", "unsupported"};
  return names[static_cast<size_t>(fault)];
}

std::string quoted_beginning(std::string_view text) {
  std::string line = shortened(text, 80);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return "\"" + line + "\"";
}

}  // namespace deskhand
