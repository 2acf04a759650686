#include "apps/cli/printable.h"

#include <fmt/format.h>

namespace deskhand {

std::string printable(std::string_view untrusted, bool keep_lines) {
  std::string out;
  for (size_t i = 0; i < untrusted.size(); ++i) {
    const auto byte = static_cast<unsigned char>(untrusted[i]);
    const bool kept_line = keep_lines && (byte == '\n' || byte == '\t');
    // U+0080–U+009F, the C1 controls, are C2 80 – C2 9F in UTF-8.
    const bool c1 = byte == 0xC2 && i + 1 < untrusted.size() && static_cast<unsigned char>(untrusted[i + 1]) < 0xA0;
    if (c1) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(untrusted[++i]));
    } else if ((byte < 0x20 && !kept_line) || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

}  // namespace deskhand
