#include "platform/x11/properties.h"

#include <X11/Xatom.h>

#include <memory>

namespace deskhand::x11 {
namespace {

constexpr long longest_property = 1 << 16;  ///< in units of 4 bytes; titles are untrusted

struct Property {
  std::unique_ptr<unsigned char, decltype(&XFree)> data{nullptr, &XFree};
  Atom type = 0;
  int format = 0;
  unsigned long count = 0;
};

Property read_property(Connection& connection, ::Window window, const char* name) {
  Property result;
  unsigned char* data = nullptr;
  unsigned long left = 0;
  XGetWindowProperty(connection.get(), window, connection.atom(name), 0, longest_property, False, AnyPropertyType,
                     &result.type, &result.format, &result.count, &left, &data);
  result.data.reset(data);
  connection.get();
  if (!result.data) result.count = 0;
  return result;
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

}  // namespace

std::vector<unsigned long> property_values(Connection& connection, ::Window window, const char* name) {
  const Property property = read_property(connection, window, name);
  if (property.format != 32) return {};
  const auto* values = reinterpret_cast<const unsigned long*>(property.data.get());
  return {values, values + property.count};
}

std::optional<unsigned long> property_value(Connection& connection, ::Window window, const char* name) {
  const std::vector<unsigned long> values = property_values(connection, window, name);
  return values.empty() ? std::nullopt : std::optional(values[0]);
}

std::string property_text(Connection& connection, ::Window window, const char* name, bool keep_nul) {
  const Property property = read_property(connection, window, name);
  if (property.format != 8) return {};
  std::string text(reinterpret_cast<const char*>(property.data.get()), property.count);
  if (!keep_nul) text.resize(std::min(text.find('\0'), text.size()));
  return property.type == XA_STRING ? latin1_to_utf8(text) : text;
}

::Window focused_client(Connection& connection) {
  ::Window window = 0;
  int revert = 0;
  XGetInputFocus(connection.get(), &window, &revert);
  connection.get();
  if (window == PointerRoot) window = 0;
  while (window != 0 && window != connection.root()) {
    if (!property_values(connection, window, "WM_STATE").empty()) return window;
    ::Window root = 0, parent = 0, *children = nullptr;
    unsigned count = 0;
    if (XQueryTree(connection.get(), window, &root, &parent, &children, &count) == 0) break;
    if (children != nullptr) XFree(children);
    if (parent == connection.root()) return window;  // without a window manager, or an override-redirect one
    window = parent;
  }
  return 0;
}

bool has_window_manager(Connection& connection) {
  const auto check = property_value(connection, connection.root(), "_NET_SUPPORTING_WM_CHECK");
  // The property of a manager that has gone stays; its window does not.
  return check && property_value(connection, *check, "_NET_SUPPORTING_WM_CHECK") == check &&
         !property_values(connection, connection.root(), "_NET_SUPPORTED").empty();
}

}  // namespace deskhand::x11
