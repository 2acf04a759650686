// What the models read: byte by byte as they were trained, growing at the end only, and nothing secret.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "agent/dialect.h"
#include "agent/prompt/history.h"
#include "agent/prompt/protocol.h"
#include "tests/support/dialect_run.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Dialect& dialect_named(std::string_view name) {
  const Dialect* dialect = find_dialect(name);
  if (!dialect) throw std::out_of_range(std::string(name));
  return *dialect;
}

DialectPrompt prompt_of(std::string_view name, int turns, Extent screen = {1920, 1080}) {
  const Dialect& dialect = dialect_named(name);
  return dialect.prompt(testing::DialectRun(screen, dialect).input(turns));
}

std::string shape(const Message& message) {
  std::string text;
  for (const Part& part : message.parts)
    text += part.image ? "[image " + std::to_string(part.image->data[0]) + "]" : part.text;
  return text;
}

class ProtocolTexts : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto root = testing::test_data_folder();
    if (!root) GTEST_SKIP() << "DESKHAND_TEST_DATA is not set";
    folder_ = *root / "dialects/strings";
    ASSERT_TRUE(std::filesystem::exists(folder_)) << folder_;
  }
  std::string text(const std::string& name) const { return testing::read_file(folder_ / name); }

 private:
  std::filesystem::path folder_;
};

TEST_F(ProtocolTexts, SystemTextsAreThoseOfTheTraining) {
  const auto system = [](std::string_view name) { return prompt_of(name, 1).messages.at(0).text(); };
  const std::pair<std::string_view, std::string_view> day{"{DATE}", "Tuesday, November 24, 2026"};
  EXPECT_EQ(system("qwen35"), filled(text("qwen35_system.txt"), {day}));
  EXPECT_EQ(system("qwen38"), filled(text("qwen38_system.txt"), {day}));
  EXPECT_EQ(system("guiowl"), text("guiowl_system.txt"));
  EXPECT_EQ(system("evocua"), text("evocua_s2_system.txt"));
  EXPECT_EQ(system("fara"), text("fara15_system.txt"));
  EXPECT_EQ(prompt_of("fara7", 1, {1440, 900}).messages.at(0).text(), text("fara7_system.txt"));
  EXPECT_EQ(system("mai_ground"), text("mai_ground_system.txt"));
  EXPECT_EQ(system("gta1"), filled(text("gta1_system.txt"), {{"{height}", "1092"}, {"{width}", "1932"}}));
  EXPECT_EQ(system("venus2"),
            filled(text("venus2_system.txt"), {{"{sudo_password}", "unknown"}, {"{user_task}", "Press OK"}}));
  const std::string block = text("nous_tools.txt");
  const auto tools = [&](const std::string& tool) { return filled(block, {{"{TOOLS: one JSON per line}", tool}}); };
  EXPECT_EQ(system("qwen3vl"), tools(filled(text("qwen3vl_tool.json"), {{"{W}", "1000"}, {"{H}", "1000"}})) + "\n\n" +
                                   text("qwen3vl_tail.txt"));
  EXPECT_EQ(system("qwen25vl"), "You are a helpful assistant.\n\n" +
                                    tools(filled(text("qwen25vl_tool.json"), {{"{W}", "1932"}, {"{H}", "1092"}})));
}

TEST_F(ProtocolTexts, TheFirstMessageOfUiTarsSaysAll) {
  EXPECT_EQ(
      shape(prompt_of("uitars", 1).messages.at(0)),
      filled(text("uitars15_computer.txt"), {{"{language}", "English"}, {"{instruction}", "Press OK"}}) + "[image 1]");
  EXPECT_EQ(shape(prompt_of("uitars1", 1).messages.at(0)), text("uitars1_computer.txt") + "Press OK[image 1]");
}

TEST(DialectPrompts, Qwen35CollapsesInItsOwnWords) {
  const std::vector<Message> messages = prompt_of("qwen35", 3).messages;
  ASSERT_EQ(messages.size(), 6u);
  EXPECT_EQ(shape(messages[1]),
            "[image 1]\nPlease generate the next move according to the UI screenshot, instruction and previous "
            "actions.\n\nInstruction: Press OK\n\nPrevious actions:\nNone");
  EXPECT_EQ(messages[2].text().substr(0, 30), "<think>\n\n</think>\n\n<tool_call>");
  EXPECT_EQ(shape(messages[3]), "<tool_response>\n[image 2]\n</tool_response>");
  const std::vector<Message> later = prompt_of("qwen35", 21).messages;
  EXPECT_THAT(shape(later[1]), Not(HasSubstr("[image")));
  EXPECT_EQ(shape(later[3]), "<tool_response>\nThis screenshot has been collapsed.\n</tool_response>");
  EXPECT_EQ(shape(later[21]), "<tool_response>\n[image 11]\n</tool_response>");
  EXPECT_EQ(shape(later[15]),
            "<tool_response>\nthe target is disabled\nThis screenshot has been collapsed.\n</tool_response>");
}

TEST(DialectPrompts, Qwen3VlKeepsActionLinesOfTurnsThatLeft) {
  const Dialect& dialect = dialect_named("qwen3vl");
  DialectInput input = testing::DialectRun({1920, 1080}, dialect).input(5);
  for (Turn& turn : input.turns)
    if (!turn.reply.empty()) turn.reply = "Thinking.\n</think>\n\nAction: Open it.\n" + turn.reply;
  const std::vector<Message> messages = dialect.prompt(input).messages;
  EXPECT_EQ(shape(messages.at(1)),
            "[image 3]Please generate the next move according to the UI screenshot, instruction and previous "
            "actions.\n\nInstruction: Press OK\n\nPrevious actions:\nStep 1: Open it.\nStep 2: Open it.");
  EXPECT_EQ(messages.size(), 6u);
}

TEST(DialectPrompts, GuiOwlPutsTheTextFirst) {
  EXPECT_THAT(shape(prompt_of("guiowl", 1).messages.at(1)), ::testing::StartsWith("Please generate"));
  EXPECT_THAT(shape(prompt_of("guiowl", 1).messages.at(1)), ::testing::EndsWith("[image 1]"));
  EXPECT_THAT(shape(prompt_of("evocua", 1).messages.at(1)), ::testing::StartsWith("[image 1]\nPlease"));
}

TEST(DialectPrompts, HoloWrapsWhatItSees) {
  const std::vector<Message> messages = prompt_of("holo", 5).messages;
  EXPECT_EQ(shape(messages.at(1)),
            "<message from=\"user\">\nPress OK\n</message>\n<observation>\n[screenshot evicted]\n</observation>");
  EXPECT_EQ(shape(messages.at(2)),
            R"({"note":null,"thought":"t","tool_call":{"tool_name":"click","element":"e","x":1,"y":1}})");
  EXPECT_EQ(shape(messages.at(9)),
            "<tool_output tool=\"left_click\">\n\n</tool_output>\n<observation>\n[image 5]\n</observation>");
}

TEST(DialectPrompts, VenusTellsOldTurnsWithoutPictures) {
  const std::vector<Message> messages = prompt_of("venus2", 4).messages;
  EXPECT_EQ(shape(messages.at(1)), "");
  EXPECT_EQ(shape(messages.at(2)), "<think>t</think>\n<action>Click(box=(1, 1))</action>");
  EXPECT_EQ(shape(messages.at(5)), "History Screenshot:\n[image 3]");
  EXPECT_EQ(shape(messages.at(7)), "Current Screenshot:\n[image 4]");
}

TEST(DialectPrompts, FaraLeavesOldTurnsOut) {
  const std::vector<Message> messages = prompt_of("fara", 4).messages;
  EXPECT_EQ(shape(messages.at(1)), "Press OK");
  EXPECT_EQ(messages.at(2).role, Message::Role::assistant);
  EXPECT_EQ(messages.at(3).role, Message::Role::assistant);
  EXPECT_EQ(shape(messages.at(4)), "[image 3]Current URL: \nHere is the next screenshot. Think about what to do next.");
}

TEST(DialectPrompts, NothingSecretIsTold) {
  EXPECT_THAT(prompt_of("venus2", 1).messages.at(0).text(), HasSubstr("The password of the computer is unknown."));
  for (const Dialect* dialect : all_dialects()) {
    if (!dialect->sees) continue;
    for (const Message& message : prompt_of(dialect->name, 1).messages)
      EXPECT_THAT(message.text(), Not(::testing::AnyOf(HasSubstr("{DATE}"), HasSubstr("{sudo"), HasSubstr("{W}"))));
  }
}

// --- the beginning of a prompt is that of the step before ---

bool begins_with(const std::vector<Message>& list, const std::vector<Message>& beginning) {
  return list.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), list.begin());
}

/// Where the pictures of the steps before are not told again as they were.
int boundaries(const Dialect& dialect, int turns) {
  const testing::DialectRun run({1024, 768}, dialect);
  const DialectInput whole = run.input(turns + 1);
  int count = 0;
  std::vector<Message> before;
  for (int step = 1; step <= turns; ++step) {
    DialectInput input = whole;
    input.turns.resize(static_cast<size_t>(step));
    input.turns.back().reply.clear();
    input.turns.back().results.clear();
    std::vector<Message> messages = dialect.prompt(input).messages;
    if (dialect.name == "venus2" && !before.empty()) before.pop_back();  // the newest picture has a name of its own
    if (!begins_with(messages, before)) ++count;
    before = std::move(messages);
  }
  return count;
}

TEST(DialectPrompts, ARunGrowsAtItsEndBetweenBlocks) {
  const std::map<std::string_view, int> expected = {{"qwen35", 4},  {"qwen38", 4},     {"qwen3vl", 28}, {"guiowl", 28},
                                                    {"evocua", 28}, {"qwen25vl", 29},  {"holo", 29},    {"holo_fc", 29},
                                                    {"holo4", 28},  {"venus2", 29},    {"uitars", 28},  {"uitars1", 28},
                                                    {"fara", 29},   {"fara7", 29},     {"gemma4", 29},  {"hermes", 29},
                                                    {"llama3", 29}, {"anthropic", 10}, {"openai", 10}};
  for (const auto& [name, count] : expected) EXPECT_EQ(boundaries(dialect_named(name), 60), count) << name;
}

TEST(History, IsDroppedInBlocks) {
  const HistoryRule rule{.keep = 20, .block = 10};
  EXPECT_EQ(dropped(20, rule), 0u);
  EXPECT_EQ(dropped(21, rule), 10u);
  EXPECT_EQ(dropped(30, rule), 10u);
  EXPECT_EQ(dropped(31, rule), 20u);
  EXPECT_EQ(dropped(1000, {}), 0u);
  for (size_t count = 1; count < 200; ++count) {
    const size_t left = count - dropped(count, rule);
    EXPECT_LE(left, rule.keep);
    EXPECT_GE(left, std::min<size_t>(count, rule.keep - rule.block + 1));
  }
}

TEST(Days, AreWrittenAsModelsReadThem) {
  EXPECT_EQ(day_with_weekday({2026, 11, 24}), "Tuesday, November 24, 2026");
  EXPECT_EQ(day_in_words({2027, 1, 2}), "January 02, 2027");
  EXPECT_THROW(day_in_words({2026, 2, 30}), std::invalid_argument);
}

}  // namespace
}  // namespace deskhand
