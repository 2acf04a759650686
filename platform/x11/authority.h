#pragma once
// Access to X servers by cookie files other than the user's own.
//
//   write_authority(folder / "Xauthority");                       // a fresh random cookie for any display
//   open_with_authority(":97", folder / "Xauthority");
//
// Needs no Xlib in its users: the display is opaque.

#include <filesystem>
#include <string>

struct _XDisplay;

namespace deskhand::x11 {

/// Writes one MIT-MAGIC-COOKIE-1 entry that fits any display, readable by its owner alone. Throws DesktopError.
void write_authority(const std::filesystem::path& file);

/// XOpenDisplay with the cookie of that file; an empty path means the user's own. Null when it does not open.
::_XDisplay* open_with_authority(const std::string& display, const std::filesystem::path& file);

}  // namespace deskhand::x11
