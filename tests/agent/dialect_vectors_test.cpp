// Every reply of the shared vectors is read as written there, and a click at a known place lands on it on every screen.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <set>

#include "agent/dialect.h"
#include "tests/support/dialect_clicks.h"
#include "tests/support/dialect_replies.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using nlohmann::json;
using testing::DialectVector;

json canonical(const std::vector<Action>& actions) {
  json list = json::array();
  for (const Action& action : actions) list.push_back({{"name", action.name}, {"input", action.input}});
  return list;
}

TEST(DialectVectors, EveryReplyIsReadAsWrittenThere) {
  REQUIRE_TEST_DATA(file, "dialects/vectors.jsonl");
  std::map<std::string, int> seen;
  for (const DialectVector& vector : testing::dialect_vectors(file)) {
    SCOPED_TRACE(vector.dialect + ": " + vector.note + "\n" + vector.reply);
    const Dialect* dialect = find_dialect(vector.dialect);
    ASSERT_NE(dialect, nullptr);
    ++seen[vector.dialect];
    try {
      const std::vector<Action> actions = parse_reply(*dialect, vector.reply, vector.sizes);
      EXPECT_EQ(vector.fault, "");
      EXPECT_EQ(canonical(actions), vector.actions);
      for (const Action& action : actions) EXPECT_FALSE(action.text.empty());
    } catch (const DialectError& error) {
      EXPECT_EQ(fault_name(error.fault()), vector.fault) << error.what();
      EXPECT_GT(std::string_view(error.what()).size(), 10u);
    }
  }
  int replies = 0;
  for (const auto& [name, count] : seen) replies += count;
  EXPECT_EQ(replies, 181);
  EXPECT_EQ(seen.size(), 23u);
}

/// What is written for a place, and the pixel that it means: the smallest number for it, so that the product is often
/// a whole number.
struct Axis {
  int written, pixel;
};

Axis axis_for(std::string_view dialect, int frame, int screen, int place) {
  const testing::PointUnit unit = testing::point_unit(dialect, frame);
  const int written = static_cast<int>((int64_t{place} * unit.divisor + screen - 1) / screen);
  return {written, static_cast<int>(std::min<int64_t>(screen - 1, int64_t{written} * screen / unit.divisor))};
}

TEST(DialectPoints, AClickLandsOnItsPlaceOnEveryScreen) {
  for (const Extent screen : {Extent{1024, 768}, Extent{1920, 1080}, Extent{2560, 1440}, Extent{3840, 2160}})
    for (const Dialect* dialect : all_dialects()) {
      if (!dialect->sees) continue;
      const Extent frame = model_frame(screen, dialect->frame);
      for (const Extent place :
           {Extent{0, 0}, Extent{screen.width / 4 * 3, screen.height / 3}, Extent{screen.width / 2, screen.height / 2},
            Extent{screen.width - 1, screen.height - 1}}) {
        const Axis x = axis_for(dialect->name, frame.width, screen.width, place.width);
        const Axis y = axis_for(dialect->name, frame.height, screen.height, place.height);
        const std::string reply = testing::click_reply(dialect->name, x.written, y.written);
        SCOPED_TRACE(std::string(dialect->name) + " " + reply);
        const std::vector<Action> actions = parse_reply(*dialect, reply, {.frame = frame, .screen = screen});
        ASSERT_EQ(actions.size(), 1u);
        EXPECT_EQ(actions[0].input["coordinate"], json({x.pixel, y.pixel}));
        EXPECT_LE(std::abs(x.pixel - place.width), screen.width / 999 + 1) << "within one step of the dialect";
        EXPECT_LE(std::abs(y.pixel - place.height), screen.height / 999 + 1);
      }
    }
}

TEST(DialectPoints, TheEndIsTheLastPixelAndBeyondIsNone) {
  const ViewSizes sizes{.frame = {1920, 1088}, .screen = {1920, 1080}};
  for (const Dialect* dialect : all_dialects()) {
    if (!dialect->sees) continue;
    SCOPED_TRACE(dialect->name);
    const int x = testing::point_unit(dialect->name, sizes.frame.width).largest;
    const int y = testing::point_unit(dialect->name, sizes.frame.height).largest;
    const std::vector<Action> corner = parse_reply(*dialect, testing::click_reply(dialect->name, x, y), sizes);
    EXPECT_EQ(corner.at(0).input["coordinate"], json({1919, 1079}));
    for (const auto& [a, b] : {std::pair(x + 1, y), std::pair(x, y + 1)}) try {
        parse_reply(*dialect, testing::click_reply(dialect->name, a, b), sizes);
        ADD_FAILURE() << "accepted";
      } catch (const DialectError& error) {
        EXPECT_EQ(error.fault(), ReplyFault::out_of_range) << error.what();
      }
  }
}

TEST(DialectReplies, HostileTextsAreRefused) {
  const ViewSizes sizes{.frame = {1920, 1088}, .screen = {1920, 1080}};
  const std::string deep(100'000, '['), broken = "\xff\xfe", nothing, large((size_t{1} << 20) + 1, 'a');
  for (const Dialect* dialect : all_dialects())
    for (const std::string& text : {deep, "<tool_call>" + deep, "{\"a\":" + deep, "<action>Click(box=" + deep,
                                    "<|tool_call>call:key{text:" + deep, broken, nothing, large}) {
      SCOPED_TRACE(std::string(dialect->name) + " " + text.substr(0, 30));
      try {
        const std::vector<Action> actions = parse_reply(*dialect, text, sizes);
        ASSERT_EQ(dialect->name, "qwen38") << "whose answers are prose";
        EXPECT_EQ(actions.at(0).name, "done");
      } catch (const DialectError& error) {
        EXPECT_LT(std::string_view(error.what()).size(), 2'000u);
      }
    }
}

/// Texts that make a reader look at the same bytes again and again.
TEST(DialectReplies, LongTextsAreReadInTime) {
  const ViewSizes sizes{.frame = {1920, 1088}, .screen = {1920, 1080}};
  for (const std::string_view piece :
       {"\n", "</think>", "<think>", "[1", "{\"name\"", "'", "\\", "Action: type(content='a", "</parameter>",
        "<parameter=action>", "<tool_call>", "<|tool_call>", "call:", "<action>"}) {
    std::string text = "<tool_call>\n<function=computer_use>\n<parameter=action>\n";
    while (text.size() < 200'000) text += piece;
    for (const Dialect* dialect : all_dialects())
      for (const std::string& reply : {text, text.substr(text.find(piece))}) {
        SCOPED_TRACE(std::string(dialect->name) + " " + std::string(piece));
        const auto begin = std::chrono::steady_clock::now();
        try {
          parse_reply(*dialect, reply, sizes);
        } catch (const DialectError&) {
          // as it should
        }
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
      }
  }
}

}  // namespace
}  // namespace deskhand
