#include "core/readable_bytes.h"

#include <fmt/format.h>

namespace deskhand {

std::string readable_bytes(uint64_t bytes) {
  return readable_bytes(static_cast<double>(bytes));
}

std::string readable_bytes(double bytes) {
  if (bytes >= 1e9) return fmt::format("{:.2f} GB", bytes / 1e9);
  if (bytes >= 1e6) return fmt::format("{:.0f} MB", bytes / 1e6);
  if (bytes >= 1e3) return fmt::format("{:.0f} kB", bytes / 1e3);
  return fmt::format("{:.0f} bytes", bytes);
}

}  // namespace deskhand
