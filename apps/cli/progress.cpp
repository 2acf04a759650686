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

}  // namespace deskhand
