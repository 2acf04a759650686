#include "platform/key_chord.h"

#include <gtest/gtest.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include <string>

#include "platform/desktop.h"

namespace deskhand {
namespace {

using Symbols = std::vector<KeySymbol>;

TEST(KeyChord, NamesAreXdotools) {
  EXPECT_EQ(parse_chord("ctrl+shift+t"), (Symbols{XKB_KEY_Control_L, XKB_KEY_Shift_L, XKB_KEY_t}));
  EXPECT_EQ(parse_chord("Return"), Symbols{XKB_KEY_Return});
  EXPECT_EQ(parse_chord("alt+F4"), (Symbols{XKB_KEY_Alt_L, XKB_KEY_F4}));
  EXPECT_EQ(parse_chord("Page_Down"), Symbols{XKB_KEY_Next});
  EXPECT_EQ(parse_chord("super"), Symbols{XKB_KEY_Super_L});
  EXPECT_EQ(parse_chord("XF86AudioMute"), Symbols{XKB_KEY_XF86AudioMute});
  EXPECT_EQ(parse_chord("KP_Enter"), Symbols{XKB_KEY_KP_Enter});
}

TEST(KeyChord, SpellingsOfPeopleAndModels) {
  EXPECT_EQ(parse_chord("enter"), Symbols{XKB_KEY_Return});
  EXPECT_EQ(parse_chord("ESC"), Symbols{XKB_KEY_Escape});
  EXPECT_EQ(parse_chord("Ctrl+Delete"), (Symbols{XKB_KEY_Control_L, XKB_KEY_Delete}));
  EXPECT_EQ(parse_chord("page_down"), Symbols{XKB_KEY_Next});
  EXPECT_EQ(parse_chord("ctrl++"), (Symbols{XKB_KEY_Control_L, XKB_KEY_plus}));
  EXPECT_EQ(parse_chord("+"), Symbols{XKB_KEY_plus});
  EXPECT_EQ(parse_chord("ctrl+/"), (Symbols{XKB_KEY_Control_L, XKB_KEY_slash}));
  EXPECT_EQ(parse_chord("é"), Symbols{XKB_KEY_eacute});
  EXPECT_EQ(parse_chord("A"), Symbols{XKB_KEY_A});
  EXPECT_EQ(parse_chord("a"), Symbols{XKB_KEY_a});
}

TEST(KeyChord, UnknownNamesAreErrors) {
  for (const char* text : {"", "nosuchkey", "ctrl+", "ctrl+nosuchkey", "\xc3", "ab cd"}) {
    EXPECT_THROW(parse_chord(text), std::invalid_argument) << text;
  }
}

TEST(KeyChord, OneWayToWriteWhatItDoes) {
  EXPECT_EQ(canonical_chord("Control_L+del"), "ctrl+Delete");
  EXPECT_EQ(canonical_chord("Shift+CTRL+T"), "ctrl+shift+t");
  EXPECT_EQ(canonical_chord("ctrl+W"), "ctrl+w");
  EXPECT_EQ(canonical_chord("W"), "W");
  EXPECT_EQ(canonical_chord("super"), "super");
  EXPECT_EQ(canonical_chord("KP_Enter"), "Return");
  EXPECT_EQ(canonical_chord("ISO_Enter"), "Return");
  EXPECT_EQ(canonical_chord("shift+KP_F4"), "shift+F4");
  EXPECT_EQ(canonical_chord("pageup"), canonical_chord("Page_Up"));
  EXPECT_EQ(canonical_chord("ctrl++"), "ctrl+plus");
  EXPECT_EQ(canonical_chord("ctrl+nonsense"), "ctrl+nonsense");
  EXPECT_EQ(canonical_chord("ctrl+*"), "ctrl+asterisk");
  EXPECT_EQ(canonical_chord("alt+ctrl+*", ChordText::pattern), "ctrl+alt+*");
}

TEST(KeyChord, OnlyModifiersComeBeforeTheKey) {
  for (const char* text : {"a+Alt_R+F4", "F7+Return", "Num_Lock+Return", "Return+ctrl", "1+2"})
    EXPECT_THROW(parse_chord(text), std::invalid_argument) << text;
  EXPECT_EQ(parse_chord("Mode_switch+e").size(), 2u);
}

TEST(KeyChord, WhatTypesACharacter) {
  for (const char* text : {"1", "shift+a", "altgr+e", "KP_7", "exclam", "ü", "plus"})
    EXPECT_TRUE(types_character(text)) << text;
  for (const char* text : {"ctrl+a", "Return", "space", "F4", "shift", "1+2", "Left"})
    EXPECT_FALSE(types_character(text)) << text;
}

TEST(KeyChord, KeysOneByOne) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(keys_of_chord("Control_L+Alt_R+S"), (Names{"ctrl", "alt", "s"}));
  EXPECT_EQ(keys_of_chord("ctrl++"), (Names{"ctrl", "plus"}));
  EXPECT_EQ(keys_of_chord("esc"), (Names{"Escape"}));
  EXPECT_THROW(keys_of_chord("nosuchkey"), std::invalid_argument);
}

TEST(KeyChord, WhatIsHeldIsPartOfAChord) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(chord_while_held(Names{}, "w"), "w");
  EXPECT_EQ(chord_while_held(Names{"ctrl"}, "W"), "ctrl+w");
  EXPECT_EQ(chord_while_held(Names{"ctrl"}, "+"), "ctrl+plus");
  EXPECT_EQ(chord_while_held(Names{"shift", "ctrl"}, "alt+Delete"), "ctrl+alt+shift+Delete");
  EXPECT_EQ(chord_while_held(Names{"w"}, "ctrl"), "ctrl+w") << "the held key repeats";
  EXPECT_EQ(chord_while_held(Names{"alt", "Left"}, "F4"), "alt+F4");
}

TEST(KeyChord, Modifiers) {
  EXPECT_EQ(parse_modifiers(""), 0);
  EXPECT_EQ(parse_modifiers("ctrl+Shift"), 3);
  EXPECT_EQ(parse_modifiers("alt+super"), 12);
  EXPECT_THROW(parse_modifiers("hyper"), std::invalid_argument);
}

TEST(KeyChord, CharactersAndSymbols) {
  for (const char32_t c : std::u32string(U"aZ 0~é€Ж你🙂—")) {
    EXPECT_EQ(character_of(key_symbol_of(c)), c) << static_cast<uint32_t>(c);
  }
  EXPECT_EQ(key_symbol_of(U'\n'), static_cast<KeySymbol>(XKB_KEY_Return));
  EXPECT_EQ(key_symbol_of(U'\x07'), 0U);
  EXPECT_EQ(character_of(XKB_KEY_dead_acute), U'\0');
  EXPECT_EQ(character_of(XKB_KEY_Control_L), U'\0');
}

TEST(KeyChord, Utf8IsChecked) {
  EXPECT_EQ(decode_utf8("aż你🙂"), U"aż你🙂");
  for (const char* text : {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe4\xbd", "\xff"}) {
    EXPECT_THROW(decode_utf8(text), std::invalid_argument);
  }
}

}  // namespace
}  // namespace deskhand
