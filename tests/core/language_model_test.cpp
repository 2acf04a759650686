#include "core/language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace deskhand {
namespace {
using ::testing::HasSubstr;

const std::filesystem::path tiny = "tests/core/fixtures/tiny_qwen2.gguf";

TEST(LanguageModel, TheContextIsTheTrainedOneOrTheOneAskedFor) {
  const auto backend = make_reference_backend();
  EXPECT_EQ(LanguageModel(ModelFile::open(tiny), *backend, {}).context(), 128);
  EXPECT_EQ(LanguageModel(ModelFile::open(tiny), *backend, {.context = 77}).context(), 77);
}

TEST(LanguageModel, AContextBeyondMemoryIsRefusedBeforeItIsTaken) {
  const auto backend = make_reference_backend();
  try {
    LanguageModel(ModelFile::open(tiny), *backend, {.context = int64_t{1} << 40});
    FAIL() << "accepted";
  } catch (const NotEnoughMemory& error) {
    EXPECT_THAT(std::string(error.what()), HasSubstr("a context of 1099511627776 tokens needs"));
  }
}

TEST(LanguageModel, ThereIsMemory) {
  EXPECT_GT(available_memory(), size_t{1} << 20);
  EXPECT_LT(available_memory(), size_t{1} << 60);
}

}  // namespace
}  // namespace deskhand
