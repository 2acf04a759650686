#include "platform/accessibility.h"

#include "platform/atspi/optional/tree_reader.h"

namespace deskhand {
namespace {

class AtspiAccessibility : public Accessibility {
 public:
  explicit AtspiAccessibility(std::unique_ptr<AccessibilityBus> bus) : bus_(std::move(bus)) {}

  std::vector<AccessibleElement> elements(std::span<const Window> windows) override {
    const std::vector<AccessibleTree> trees = TreeReader(*bus_).read(windows, Clock::now() + budget_);
    return elements_of(trees, windows);
  }
  void set_budget(std::chrono::milliseconds budget) override { budget_ = budget; }

 private:
  std::unique_ptr<AccessibilityBus> bus_;
  std::chrono::milliseconds budget_{1500};
};

}  // namespace

std::unique_ptr<Accessibility> open_accessibility(std::string* reason) {
  std::unique_ptr<AccessibilityBus> bus = AccessibilityBus::connect(reason);
  if (bus == nullptr) return nullptr;
  return std::make_unique<AtspiAccessibility>(std::move(bus));
}

}  // namespace deskhand
