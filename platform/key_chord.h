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
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

using KeySymbol = uint32_t;  ///< an X keysym

/// Modifiers, then one key, in the order of pressing; or modifiers alone. Throws std::invalid_argument for an unknown
/// name, an empty chord, and a key that is no modifier before the last.
std::vector<KeySymbol> parse_chord(std::string_view chord);

/// The chord in one way of writing: "Control_L+del" → "ctrl+Delete", "Alt_R+ctrl+W" → "ctrl+alt+w", "KP_Enter" →
/// "Return". Keys of the number pad count as the plain ones. What is no key stays as it is, as does a part of a pattern
/// that holds *, ? or [.
enum class ChordText { keys, pattern };
std::string canonical_chord(std::string_view chord, ChordText text = ChordText::keys);

/// The keys of a chord, one by one, each in that one way of writing, letters in lower case: "Control_L+S" →
/// {"ctrl", "s"}. Throws as parse_chord.
std::vector<std::string> keys_of_chord(std::string_view chord);

/// What a chord comes to while other keys are held, all as keys_of_chord names them: "w" with {"ctrl"} → "ctrl+w". A
/// held key that is no modifier counts where the chord has modifiers alone: it repeats.
std::string chord_while_held(std::span<const std::string> held, std::string_view chord);

/// Whether the chord puts a visible character into a field that has the focus.
bool types_character(std::string_view chord);

/// The keysym that gives this character: '\n' and '\r' are Return, '\t' Tab; 0 when there is none (other controls).
KeySymbol key_symbol_of(char32_t character);

/// The character that a keysym gives, 0 for none: function keys, modifiers and dead keys.
char32_t character_of(KeySymbol symbol);

/// Code points of UTF-8 text; throws std::invalid_argument naming the byte offset where it is not UTF-8.
std::u32string decode_utf8(std::string_view text);

}  // namespace deskhand
