#include <gtest/gtest.h>

#include "vision/screen_reader.h"

namespace deskhand {
namespace {

Screen screen_of(const std::vector<std::string>& names) {
  Screen screen;
  for (const std::string& name : names) {
    ScreenElement e;
    e.id = static_cast<int>(screen.elements.size()) + 1;
    e.text = name;
    screen.elements.push_back(e);
  }
  return screen;
}

std::vector<int> ids(const std::vector<Match>& matches) {
  std::vector<int> all;
  for (const Match& m : matches) all.push_back(m.id);
  return all;
}

using Ids = std::vector<int>;

TEST(FindElements, OrdersExactFoldedPrefixSubstringSimilar) {
  const Screen screen = screen_of({"Sent it all", "Resend", "Send order", "send", "Send"});
  EXPECT_EQ(ids(find_elements(screen, "Send")), (Ids{5, 4, 3, 2}));
  EXPECT_EQ(find_elements(screen, "Send")[0].score, 1);
}

TEST(FindElements, CaseAndPunctuationDoNotMatter) {
  const Screen screen = screen_of({"Save As…", "Straße", "Größe:", "+"});
  EXPECT_EQ(ids(find_elements(screen, "save as")), Ids{1});
  EXPECT_EQ(ids(find_elements(screen, "STRASSE")), Ids{2});
  EXPECT_EQ(ids(find_elements(screen, "größe")), Ids{3});
  EXPECT_EQ(ids(find_elements(screen, "+")), Ids{4});
}

TEST(FindElements, ANumberPicksAmongTheSame) {
  const Screen screen = screen_of({"OK", "Cancel", "OK", "OK later"});
  EXPECT_EQ(ids(find_elements(screen, "OK#2")), Ids{3});
  EXPECT_EQ(ids(find_elements(screen, "OK #1")), Ids{1});
  EXPECT_TRUE(find_elements(screen, "OK#3").empty());
  EXPECT_EQ(ids(find_elements(screen_of({"Item #2", "Item"}), "Item #2"))[0], 1) << "a name that ends so comes first";
}

TEST(FindElements, ForgivesSpelling) {
  const Screen screen = screen_of({"Customer", "Total"});
  EXPECT_EQ(ids(find_elements(screen, "Custorner")), Ids{1});
  EXPECT_TRUE(find_elements(screen, "Something else").empty());
  EXPECT_EQ(ids(find_elements(screen, "the Total field")), Ids{2});
}

TEST(FindElements, ValuesCountLess) {
  Screen screen = screen_of({"City", "Rome"});
  screen.elements[0].value = "Rome";
  EXPECT_EQ(ids(find_elements(screen, "Rome")), (Ids{2, 1}));
}

TEST(FindElements, SurvivesHostileText) {
  const Screen screen = screen_of({"\xff\xfe", "", std::string(100'000, 'a'), "#", "a#"});
  for (const std::string& query :
       {std::string("\xff\xfe"), std::string(), std::string("#1"), std::string("#"), std::string("##99"),
        std::string(50'000, 'b'), std::string("a#18446744073709551617")}) {
    for (const Match& m : find_elements(screen, query)) EXPECT_GT(m.score, 0);
  }
  EXPECT_EQ(ids(find_elements(screen, "\xff\xfe"))[0], 1);
}

}  // namespace
}  // namespace deskhand
