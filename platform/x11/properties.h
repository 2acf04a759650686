#pragma once
// Window properties in C++ types. A window that is gone, or a property that is absent or of another form, gives
// nothing.
//
//   std::vector<unsigned long> clients = property_values(connection, root, "_NET_CLIENT_LIST");
//   std::string title = property_text(connection, window, "_NET_WM_NAME");

#include <optional>

#include "platform/x11/connection.h"

namespace deskhand::x11 {

/// 32-bit values: windows, atoms, cardinals.
std::vector<unsigned long> property_values(Connection& connection, ::Window window, const char* name);
std::optional<unsigned long> property_value(Connection& connection, ::Window window, const char* name);
/// 8-bit data as UTF-8 (Latin-1 when of type STRING), up to the first NUL unless `keep_nul`.
std::string property_text(Connection& connection, ::Window window, const char* name, bool keep_nul = false);

/// The window with the keyboard focus or the nearest of its ancestors that a window manager manages; 0 for none.
::Window focused_client(Connection& connection);

/// Whether a window manager has taken over: it lists what it supports only when it is ready.
bool has_window_manager(Connection& connection);

}  // namespace deskhand::x11
