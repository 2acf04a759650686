#pragma once
// Key chords in xdotool's names, as X keysyms.
//
//   parse_chord("ctrl+shift+t")    // {Control_L, Shift_L, t}
//   parse_chord("Return")          // {Return}
//   parse_chord("ctrl++")          // {Control_L, plus}
//
// Names are those of X keysyms, xdotool's aliases (ctrl, alt, shift, super, meta, enter) and single characters. A name
// that is unknown as written is looked up without regard to case ("escape", "page_down").

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

using KeySymbol = uint32_t;  ///< an X keysym

/// The keys in the order of pressing; throws std::invalid_argument for an unknown name or an empty chord.
std::vector<KeySymbol> parse_chord(std::string_view chord);

/// What the chord does, one way to write it for each of its keys that is no modifier: "Control_L+del" →
/// {"ctrl+Delete"}, "a+Alt_R+F4" → {"alt+a", "alt+F4"}, "ctrl+W" → {"ctrl+w"}, "super" → {"super"}. Keys of the
/// number pad count as the plain ones. What is no key stays as it is, as does a part of a pattern that holds *, ? or [.
enum class ChordText { keys, pattern };
std::vector<std::string> canonical_chords(std::string_view chord, ChordText text = ChordText::keys);

/// The keysym that gives this character: '\n' and '\r' are Return, '\t' Tab; 0 when there is none (other controls).
KeySymbol key_symbol_of(char32_t character);

/// The character that a keysym gives, 0 for none: function keys, modifiers and dead keys.
char32_t character_of(KeySymbol symbol);

/// Code points of UTF-8 text; throws std::invalid_argument naming the byte offset where it is not UTF-8.
std::u32string decode_utf8(std::string_view text);

}  // namespace deskhand
