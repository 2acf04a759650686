#include "platform/x11/keymap.h"

#include <X11/XKBlib.h>
#include <X11/extensions/XInput2.h>
#include <X11/keysym.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>

namespace deskhand::x11 {
namespace {

struct MapDeleter {
  void operator()(XkbDescPtr map) const { XkbFreeKeyboard(map, 0, True); }
};

/// Shift and the level modifiers (AltGr is Mod5, on some layouts Mod3) may be pressed to reach a level.
constexpr unsigned level_modifiers = ShiftMask | Mod3Mask | Mod5Mask;

bool is_keypad(KeySym symbol) {
  return symbol >= XK_KP_Space && symbol <= XK_KP_9;
}

/// Keysyms of keys that are modifiers by themselves; a key that is a modifier only by chance is not pressed as one.
bool is_modifier_symbol(KeySym symbol) {
  return (symbol >= XK_Shift_L && symbol <= XK_Hyper_R) || symbol == XK_ISO_Level3_Shift ||
         symbol == XK_ISO_Level5_Shift || symbol == XK_Mode_switch;
}

unsigned effective_group(const XkbDescRec& map, KeyCode key, unsigned group) {
  const unsigned count = XkbKeyNumGroups(&map, key);
  if (count == 0 || group < count) return group;
  switch (XkbOutOfRangeGroupAction(XkbKeyGroupInfo(&map, key))) {
    case XkbRedirectIntoRange: {
      const unsigned to = XkbOutOfRangeGroupNumber(XkbKeyGroupInfo(&map, key));
      return to < count ? to : 0;
    }
    case XkbClampIntoRange:
      return count - 1;
    default:
      return group % count;
  }
}

/// The keyboard through which XTEST speaks. Its layout may differ from that of the user's last key stroke, and counts
/// as soon as we press anything.
unsigned xtest_keyboard(::Display* display) {
  int opcode = 0, event = 0, error = 0, major = 2, minor = 0, pointer = 0, count = 0;
  if (XQueryExtension(display, "XInputExtension", &opcode, &event, &error) == 0 ||
      XIQueryVersion(display, &major, &minor) != Success || XIGetClientPointer(display, 0, &pointer) == 0) {
    return XkbUseCoreKbd;
  }
  const std::unique_ptr<XIDeviceInfo, decltype(&XIFreeDeviceInfo)> devices(XIQueryDevice(display, XIAllDevices, &count),
                                                                           &XIFreeDeviceInfo);
  int master = 0;
  for (int i = 0; devices && i < count; ++i) {
    const XIDeviceInfo& device = devices.get()[i];
    if (device.use == XIMasterPointer && device.deviceid == pointer) master = device.attachment;
  }
  for (int i = 0; devices && i < count; ++i) {
    const XIDeviceInfo& device = devices.get()[i];
    const bool speaks_xtest = std::string_view(device.name).find("XTEST") != std::string_view::npos;
    if (device.use == XISlaveKeyboard && device.attachment == master && speaks_xtest) {
      return static_cast<unsigned>(device.deviceid);
    }
  }
  return XkbUseCoreKbd;
}

}  // namespace

Keymap::Keymap(Connection& connection) {
  ::Display* display = connection.get();
  XkbStateRec state{};
  XkbGetState(display, XkbUseCoreKbd, &state);
  const std::unique_ptr<XkbDescRec, MapDeleter> map(
      XkbGetMap(display, XkbAllClientInfoMask | XkbVirtualModsMask, xtest_keyboard(display)));
  connection.get();
  if (!map) throw DesktopError(fmt::format("the display \"{}\" has no XKB keyboard", connection.name()));
  for (int key = map->min_key_code; key <= map->max_key_code; ++key) {
    read_modifier(*map, static_cast<KeyCode>(key));
    read_key(*map, static_cast<KeyCode>(key), state.group);
  }
}

void Keymap::read_modifier(const ::_XkbDesc& map, KeyCode key) {
  const unsigned modifiers = map.map->modmap[key];
  if (modifiers == 0 || XkbKeyNumGroups(&map, key) == 0) return;
  if (!is_modifier_symbol(XkbKeySymEntry(&map, key, 0, 0))) return;
  for (unsigned mask = 1; mask <= Mod5Mask; mask <<= 1) {
    if ((modifiers & mask) != 0) modifier_keys_.emplace(mask, key);
  }
}

void Keymap::read_key(const ::_XkbDesc& map, KeyCode key, unsigned current) {
  bool empty = true;
  const unsigned groups = XkbKeyNumGroups(&map, key);
  for (unsigned group = 0; group < groups; ++group) {
    const XkbKeyTypeRec& type = *XkbKeyKeyType(&map, key, group);
    for (unsigned level = 0; level < type.num_levels; ++level) {
      const auto symbol = static_cast<KeySymbol>(XkbKeySymEntry(&map, key, level, group));
      if (symbol == NoSymbol) continue;
      empty = false;
      if (level == 0) any_group_.emplace(symbol, key);
      if (group != effective_group(map, key, current)) continue;
      // The level's modifiers: none for level 0, else the first entry that needs only keys that we can press.
      unsigned modifiers = level == 0 ? 0 : ~0U;
      for (int i = 0; level > 0 && i < type.map_count && modifiers == ~0U; ++i) {
        const XkbKTMapEntryRec& entry = type.map[i];
        const bool ours = (entry.mods.mask & ~level_modifiers) == 0;
        if (entry.active && entry.level == level && ours) modifiers = entry.mods.mask;
      }
      if (modifiers == ~0U) continue;
      const auto keep_simplest = [&](std::map<uint32_t, Place>& places, uint32_t name) {
        const auto [at, fresh] = places.try_emplace(name, Place{key, modifiers});
        if (!fresh && std::popcount(modifiers) < std::popcount(at->second.modifiers)) at->second = {key, modifiers};
      };
      keep_simplest(symbols_, symbol);
      if (const char32_t c = is_keypad(symbol) ? 0 : character_of(symbol)) keep_simplest(characters_, c);
    }
  }
  if (empty) spare_.push_back(key);
}

std::optional<Stroke> Keymap::stroke(const std::map<uint32_t, Place>& places, uint32_t wanted) const {
  const auto found = places.find(wanted);
  if (found == places.end()) return std::nullopt;
  Stroke result{.key = found->second.key};
  for (unsigned mask = 1; mask <= Mod5Mask; mask <<= 1) {
    if ((found->second.modifiers & mask) == 0) continue;
    const auto key = modifier_keys_.find(mask);
    if (key == modifier_keys_.end()) return std::nullopt;
    result.modifiers.push_back(key->second);
  }
  return result;
}

std::optional<Stroke> Keymap::find(KeySymbol symbol) const {
  return stroke(symbols_, symbol);
}

std::optional<Stroke> Keymap::find_character(char32_t character) const {
  return stroke(characters_, character);
}

std::optional<KeyCode> Keymap::find_in_any_group(KeySymbol symbol) const {
  const auto found = any_group_.find(symbol);
  return found == any_group_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<KeyCode> Keymap::modifier_key(unsigned mask) const {
  const auto found = modifier_keys_.find(mask);
  return found == modifier_keys_.end() ? std::nullopt : std::optional(found->second);
}

SpareKeys::SpareKeys(Connection& connection, const Keymap& map) : connection_(connection), spare_(map.spare()) {}

SpareKeys::~SpareKeys() {
  try {
    restore();
  } catch (const std::exception&) {
    // The display went away, and its map with it.
  }
}

void SpareKeys::bind(std::span<const KeySymbol> symbols) {
  if (symbols.size() > spare_.size()) {
    throw InputError(fmt::format("{} characters are not on the keyboard layout, but only {} keycodes are free",
                                 symbols.size(), spare_.size()));
  }
  bound_.clear();
  const size_t to_write = std::max(symbols.size(), used_);
  used_ = to_write;  // until the server has answered, assume the worst
  const std::string error = connection_.error_of([&] {
    for (size_t i = 0; i < to_write; ++i) {
      // The symbol on both levels: with one alone the server would add the other case of a letter.
      const KeySym symbol = i < symbols.size() ? symbols[i] : NoSymbol;
      std::array<KeySym, 2> levels{symbol, symbol};
      XChangeKeyboardMapping(connection_.get(), spare_[i], levels.size(), levels.data(), 1);
    }
  });
  used_ = symbols.size();
  if (!error.empty()) throw InputError(fmt::format("the keyboard map cannot be changed: {}", error));
  for (size_t i = 0; i < symbols.size(); ++i) bound_[symbols[i]] = spare_[i];
}

std::optional<KeyCode> SpareKeys::key(KeySymbol symbol) const {
  const auto found = bound_.find(symbol);
  return found == bound_.end() ? std::nullopt : std::optional(found->second);
}

void SpareKeys::restore() {
  if (used_ > 0 && !connection_.lost()) bind({});
}

}  // namespace deskhand::x11
