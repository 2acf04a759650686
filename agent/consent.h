#pragma once
// What the user said yes to, so that the same thing is not asked about twice and another one is never done.
//
//   std::optional<Consent> consent = consent_of(confirmation, target, screen);     // asked, and it was a yes
//   …                                               // asking took the focus away: look again, find the target again
//   if (consent == consent_of(confirmation, target, screen)) …                     // it still holds
//
// Equal: the action in words, the reason, and of the target, and of where a drag ends: the window, the element's role,
// name and place in the window, and what stands in the same row: "Remove" is another one when the list has moved under
// it.

#include <optional>
#include <string>

#include "agent/user.h"
#include "tools/tool.h"

namespace deskhand {

struct ConsentPlace {
  WindowId window = 0;  ///< 0: none
  bool has_element = false;
  Role role = Role::other;
  std::string name{}, row{};
  ScreenRect place{};  ///< of the element, from the window's corner
  bool operator==(const ConsentPlace&) const = default;
};

struct Consent {
  std::string action{}, reason{};
  std::optional<ConsentPlace> target{}, drop{};
  bool operator==(const Consent&) const = default;
};

Consent consent_of(const Confirmation& confirmation, const std::optional<Target>& target, const Screen& screen);

}  // namespace deskhand
