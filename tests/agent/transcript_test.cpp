#include "agent/transcript.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

TEST(Message, OfOneText) {
  const Message message(Message::Role::tool, "ok");
  ASSERT_EQ(message.parts.size(), 1u);
  EXPECT_EQ(message.text(), "ok");
  EXPECT_EQ(message.parts[0].image, nullptr);
}

TEST(Message, KeepsTheOrderOfItsParts) {
  const auto picture = std::make_shared<const Image>(2, 1);
  const Message message(Message::Role::user, {{.text = "before "}, {.image = picture}, {.text = "after"}});
  ASSERT_EQ(message.parts.size(), 3u);
  EXPECT_EQ(message.parts[1].image, picture);
  EXPECT_EQ(message.text(), "before after");
  EXPECT_EQ(message, Message(message));
  EXPECT_NE(message, Message(Message::Role::user, "before after"));
}

TEST(Call, InWords) {
  EXPECT_EQ(call_in_words({.name = "left_click", .input = {{"coordinate", {400, 300}}}}), "left_click(400, 300)");
  EXPECT_EQ(call_in_words({.name = "type", .input = {{"text", "a\nb"}}}), "type(\"a\\nb\")");
  EXPECT_EQ(call_in_words({.name = "screenshot"}), "screenshot()");
}

}  // namespace
}  // namespace deskhand
