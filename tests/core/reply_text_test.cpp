#include "core/reply_text.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

struct Said {
  std::string text, streamed;
  bool stopped = false;
};

Said say(const std::vector<std::string>& pieces, std::vector<std::string> stops) {
  Said out;
  const ReplyText::Listener listen = [&](std::string_view text) { out.streamed += text; };
  ReplyText reply(std::move(stops), listen, 16);
  for (const std::string& piece : pieces) {
    if (!reply.push(piece)) {
      out.stopped = true;
      break;
    }
  }
  out.text = reply.finish();
  EXPECT_EQ(out.text, out.streamed);
  return out;
}

TEST(ReplyText, StopTextsAreFoundAcrossPieces) {
  EXPECT_EQ(say({"ab", "c<", "/do", "ne>x"}, {"</done>"}).text, "abc");
  EXPECT_TRUE(say({"ab", "c<", "/do", "ne>x"}, {"</done>"}).stopped);
  EXPECT_EQ(say({"ab", "c<", "/do", "n"}, {"</done>"}).text, "abc</don");
  EXPECT_EQ(say({"a<<", "/done>"}, {"</done>"}).text, "a<");
}

TEST(ReplyText, TheFirstOfSeveralStopsWins) {
  EXPECT_EQ(say({"one two three"}, {"three", "two"}).text, "one ");
  EXPECT_EQ(say({"aab"}, {"ab", "b"}).text, "a");
  EXPECT_EQ(say({"text"}, {""}).text, "text");
}

TEST(ReplyText, CharactersComeWhole) {
  EXPECT_EQ(say({"\xc5", "\xbc", "\xf0\x9f", "\x99\x82"}, {}).text, "ż🙂");
  EXPECT_EQ(say({"a", "\xf0\x9f"}, {}).text, "a\xef\xbf\xbd");
}

TEST(ReplyText, WhatMayBeAStopIsHeldBack) {
  std::string streamed;
  const ReplyText::Listener listen = [&](std::string_view text) { streamed += text; };
  ReplyText reply({"\n\nUser:"}, listen, 16);
  reply.push("Hello.\n");
  EXPECT_EQ(streamed, "Hello.");
  reply.push("x");
  EXPECT_EQ(streamed, "Hello.\nx");
}

}  // namespace
}  // namespace deskhand
