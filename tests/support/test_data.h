#pragma once
// Where the independent test material lies.
//
//   const std::filesystem::path file = test_data("stories260k/stories260k.gguf");   // skips the test if there is none
//
// The folder is named by the environment variable DESKHAND_TEST_DATA. REQUIRE_TEST_DATA skips, and the skip is counted
// aloud by scripts/test; where CI sets the variable, a missing file fails.

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

namespace deskhand::testing {

/// The folder of shared test data, or nothing when DESKHAND_TEST_DATA is not set.
std::optional<std::filesystem::path> test_data_folder();

/// The folder of real model files ($DESKHAND_TEST_MODELS, else the cache that scripts/models fills), if it exists.
std::optional<std::filesystem::path> test_models_folder();

/// The whole file as bytes; throws when it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// A fresh empty folder below the system's temporary folder, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace deskhand::testing

/// `const auto folder = REQUIRE_TEST_DATA("tokenizers");` is written as two lines: REQUIRE_TEST_DATA(folder,
/// "tokenizers");
#define REQUIRE_TEST_DATA(name, relative)                            \
  const auto name##_root = ::deskhand::testing::test_data_folder();  \
  if (!name##_root) GTEST_SKIP() << "DESKHAND_TEST_DATA is not set"; \
  const std::filesystem::path name = *name##_root / (relative);      \
  ASSERT_TRUE(std::filesystem::exists(name)) << name << " is missing from DESKHAND_TEST_DATA"
