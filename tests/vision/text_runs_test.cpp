#include "vision/text_runs.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

std::vector<std::string> texts_of(const std::vector<ReadWord>& words) {
  std::vector<std::string> all;
  for (const OcrText& text : join_words(words)) all.push_back(text.text);
  return all;
}

using Texts = std::vector<std::string>;

TEST(JoinWords, SplitsAtWideGapsAndLineEnds) {
  const std::vector<ReadWord> words{{"Send", {10, 10, 40, 22}, 0.9F, 1},
                                    {"order", {44, 12, 80, 22}, 0.7F, 1},
                                    {"Reset", {95, 10, 130, 22}, 0.9F, 1},
                                    {"Below", {10, 30, 50, 42}, 0.9F, 2}};
  const std::vector<OcrText> runs = join_words(words);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].text, "Send order");
  EXPECT_EQ(runs[0].box, (ScreenRect{10, 10, 80, 22}));
  EXPECT_NEAR(runs[0].confidence, 0.8F, 1e-6);
  EXPECT_EQ(runs[1].text, "Reset");
  EXPECT_EQ(runs[2].text, "Below");
}

TEST(JoinWords, DropsWhatIsNoWord) {
  const ScreenRect box{10, 10, 40, 22};
  EXPECT_EQ(texts_of({{"—|", box, 0.9F, 1}, {"iy", box, 0.4F, 1}, {"noise", box, 0.1F, 1}}), Texts{});
  EXPECT_EQ(texts_of({{"OK", box, 0.9F, 1}, {"Größe", box, 0.5F, 2}, {"世界", box, 0.8F, 3}, {"7", box, 0.9F, 4}}),
            (Texts{"OK", "Größe", "世界", "7"}));
  EXPECT_EQ(texts_of({{"\xff\xff", box, 0.9F, 1}}), Texts{}) << "not UTF-8";
}

TEST(JoinWords, ABulletBetweenWordsDoesNotJoinThem) {
  EXPECT_EQ(
      texts_of(
          {{"File", {0, 0, 30, 12}, 0.9F, 1}, {"|", {34, 0, 36, 12}, 0.9F, 1}, {"Edit", {60, 0, 90, 12}, 0.9F, 1}}),
      (Texts{"File", "Edit"}));
}

}  // namespace
}  // namespace deskhand
