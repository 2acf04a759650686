#include "kernels/check.h"

namespace deskhand {

void check_failed(const char* file, int line, const char* condition, const std::string& message) {
  throw InternalError(
      fmt::format("{}:{}: {} does not hold{}{}", file, line, condition, message.empty() ? "" : ": ", message));
}

}  // namespace deskhand
