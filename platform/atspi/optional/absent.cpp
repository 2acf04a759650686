#include "platform/accessibility.h"

namespace deskhand {

std::unique_ptr<Accessibility> open_accessibility(std::string* reason) {
  if (reason != nullptr) *reason = "built without AT-SPI2 (packages libatspi2.0-dev and libdbus-1-dev)";
  return nullptr;
}

}  // namespace deskhand
