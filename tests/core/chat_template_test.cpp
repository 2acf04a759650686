// Real templates against Jinja2.

#include "core/chat_template/chat_template.h"

#include <gtest/gtest.h>

#include <ctime>

#include "tests/support/test_data.h"

namespace deskhand {
namespace {
using nlohmann::ordered_json;
using testing::read_file;

/// 2026-07-26 09:05:00, a Sunday.
std::tm reference_time() {
  std::tm time{};
  time.tm_year = 126;
  time.tm_mon = 6;
  time.tm_mday = 26;
  time.tm_hour = 9;
  time.tm_min = 5;
  time.tm_wday = 0;
  time.tm_yday = 206;
  return time;
}

/// Empty when the template does what the reference did, else what it did.
std::string difference(const ChatTemplate& chat, const ordered_json& variables, const ordered_json& expected) {
  std::string text;
  try {
    text = chat.render(variables, reference_time());
  } catch (const TemplateError& error) {
    if (!expected.contains("error")) return std::string("raised ") + error.what();
    const auto wanted = expected["error"].get<std::string>();
    // The reference names errors of Python's own only by their class.
    const bool same = wanted == "TypeError" || std::string_view(error.what()).find(wanted) != std::string_view::npos;
    return same ? "" : std::string("raised ") + error.what() + ", expected " + wanted;
  }
  if (expected.contains("error")) return "rendered, expected the error " + expected["error"].get<std::string>();
  const auto wanted = expected["text"].get<std::string>();
  if (text == wanted) return "";
  size_t at = 0;
  while (at < text.size() && at < wanted.size() && text[at] == wanted[at]) ++at;
  const size_t from = at < 40 ? 0 : at - 40;
  return "differs at " + std::to_string(at) + ": got «" + text.substr(from, 120) + "» expected «" +
         wanted.substr(from, 120) + "»";
}

TEST(ChatTemplate, EveryRealTemplateRendersAsJinja2) {
  REQUIRE_TEST_DATA(folder, "chat");
  const auto reference = ordered_json::parse(read_file(folder / "expected.json"));
  size_t exact = 0, all = 0;
  for (const auto& [name, cases] : reference["expected"].items()) {
    const std::string source = read_file(folder / "templates" / (name + ".jinja"));
    std::unique_ptr<ChatTemplate> chat;
    try {
      chat = std::make_unique<ChatTemplate>(source, ChatTemplate::Tokens{"<bos>", "<eos>"});
    } catch (const TemplateError& error) {
      ADD_FAILURE() << name << ": " << error.what();
      all += cases.size();
      continue;
    }
    for (const auto& [conversation, expected] : cases.items()) {
      ordered_json variables = reference["conversations"][conversation];
      if (!variables.contains("add_generation_prompt")) variables["add_generation_prompt"] = true;
      const std::string problem = difference(*chat, variables, expected);
      EXPECT_EQ(problem, "") << name << ", " << conversation;
      exact += problem.empty() ? 1 : 0;
      ++all;
    }
  }
  EXPECT_EQ(all, 550u);
  EXPECT_EQ(exact, all);
}

}  // namespace
}  // namespace deskhand
