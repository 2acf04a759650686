#include "apps/cli/progress.h"

#include <fmt/format.h>

namespace deskhand {

using namespace std::chrono_literals;

void ProgressLine::show(const std::function<std::string()>& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!context_.err_is_terminal || now < next_) return;
  next_ = now + 100ms;
  context_.err << "\r\x1b[K" << text() << std::flush;
  shown_ = true;
}

void ProgressLine::wipe() {
  if (shown_) context_.err << "\r\x1b[K" << std::flush;
  shown_ = false;
}

std::string readable_bytes(uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size >= 1e9) return fmt::format("{:.2f} GB", size / 1e9);
  if (size >= 1e6) return fmt::format("{:.0f} MB", size / 1e6);
  if (size >= 1e3) return fmt::format("{:.0f} kB", size / 1e3);
  return fmt::format("{} bytes", bytes);
}

}  // namespace deskhand
