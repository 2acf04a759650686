#include "apps/cli/user_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "apps/cli/command.h"
#include "tests/support/folders.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;

TEST(WriteFile, ReplacesAFileAsAWhole) {
  testing::TemporaryFolder temporary;
  const fs::path path = temporary.path() / "a";
  write_file(path, "one");
  write_file(path, std::string_view("t\0wo", 4));
  EXPECT_EQ(read_text_file(path), std::string("t\0wo", 4));
}

TEST(WriteFile, SaysWhereItFailsAndLeavesNothing) {
  testing::TemporaryFolder temporary;
  EXPECT_THROW(write_file(temporary.path() / "none" / "a", "x"), FileError);
  const fs::path taken = temporary.path() / "taken";
  fs::create_directories(taken / "inside");
  EXPECT_THROW(write_file(taken, "x"), FileError);
  EXPECT_TRUE(fs::exists(taken / "inside"));
  EXPECT_THAT(testing::names_in(temporary.path()), ::testing::ElementsAre("taken"));
}

TEST(WriteFile, ADeviceIsNotReplacedNorAFileBeside) {
  testing::TemporaryFolder temporary;
  const fs::path device = temporary.path() / "device";
  fs::create_symlink("/dev/null", device);
  EXPECT_THROW(write_file(device, "x"), FileError);
  EXPECT_TRUE(fs::is_symlink(device));
  std::ofstream(temporary.path() / "a.part") << "mine";
  write_file(temporary.path() / "a", "x");
  EXPECT_EQ(read_text_file(temporary.path() / "a.part"), "mine");
}

}  // namespace
}  // namespace deskhand
