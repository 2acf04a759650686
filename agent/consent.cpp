#include "agent/consent.h"

namespace deskhand {
namespace {

/// Names of the other elements of the window at the height of the element's middle.
std::string row_of(const ScreenElement& element, const Screen& screen) {
  std::string row;
  const int y = element.box.center().y;
  for (const ScreenElement& other : screen.elements)
    if (other.window == element.window && other.id != element.id && y >= other.box.y0 && y < other.box.y1)
      row += other.text + "\n";
  return row;
}

ConsentPlace place_of(const Target& target, const Screen& screen) {
  ConsentPlace place;
  if (target.window) place.window = target.window->id;
  const ScreenPoint corner = target.window ? ScreenPoint{target.window->box.x0, target.window->box.y0} : ScreenPoint{};
  ScreenRect box = target.box;
  if (target.element) {
    place.has_element = true;
    place.role = target.element->role;
    place.name = target.element->text;
    place.row = row_of(*target.element, screen);
    box = target.element->box;
  }
  place.place = {box.x0 - corner.x, box.y0 - corner.y, box.x1 - corner.x, box.y1 - corner.y};
  return place;
}

}  // namespace

Consent consent_of(const Confirmation& confirmation, const std::optional<Target>& target, const Screen& screen) {
  Consent consent{.action = confirmation.action, .reason = confirmation.reason};
  if (target) consent.target = place_of(*target, screen);
  if (target && target->drop) consent.drop = place_of(*target->drop, screen);
  return consent;
}

}  // namespace deskhand
