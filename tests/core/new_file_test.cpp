// Files that appear whole or not at all.

#include "core/new_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <system_error>

#include "core/disk.h"
#include "core/whole_file.h"
#include "tests/support/folders.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::names_in;
using testing::read_file;
using ::testing::SizeIs;

TEST(NewFile, ReplacesAFileAtTheEndAndNotBefore) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  std::ofstream(path) << "old";
  {
    NewFile file(path);
    file.write("new");
    EXPECT_EQ(read_file(path), "old");
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
  NewFile file(path);
  file.write("ne");
  file.write("w");
  file.finish();
  EXPECT_EQ(read_file(path), "new");
  EXPECT_THAT(names_in(folder.path()), ElementsAre("a"));
}

TEST(NewFile, TwoAtOnceDoNotMix) {
  const testing::TemporaryFolder folder;
  NewFile one(folder.path() / "a"), two(folder.path() / "a");
  EXPECT_THAT(names_in(folder.path()), SizeIs(2));
  one.write("one");
  two.write("twice");
  one.write(" more");
  one.finish();
  EXPECT_EQ(read_file(folder.path() / "a"), "one more");
  two.finish();
  EXPECT_EQ(read_file(folder.path() / "a"), "twice");
}

TEST(NewFile, HasTheModeThatUmaskGivesAndTheLongestName) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / std::string(255, 'n');
  const mode_t before = ::umask(027);
  NewFile file(path);
  file.finish();
  ::umask(before);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0640));
}

TEST(NewFile, ReplacesALinkAndLeavesWhatItNames) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "named") << "old";
  fs::create_symlink("named", folder.path() / "link");
  NewFile file(folder.path() / "link");
  file.write("new");
  file.finish();
  EXPECT_EQ(read_file(folder.path() / "named"), "old");
  EXPECT_FALSE(fs::is_symlink(folder.path() / "link"));
}

TEST(NewFile, WhatIsNoFileIsNotReplaced) {
  const testing::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", folder.path() / "device");
  fs::create_directory(folder.path() / "directory");
  EXPECT_EQ(obstacle_at(folder.path() / "pipe"), "is a pipe");
  EXPECT_EQ(obstacle_at(folder.path() / "device"), "is a device");
  EXPECT_EQ(obstacle_at(folder.path() / "directory"), "is a directory");
  EXPECT_EQ(obstacle_at(""), "is empty");
  EXPECT_EQ(obstacle_at("none/"), "ends in '/'");
  EXPECT_EQ(obstacle_at(folder.path() / "none"), "");
  for (const char* name : {"pipe", "device", "directory"}) {
    EXPECT_THROW(NewFile(folder.path() / name), std::system_error) << name;
  }
  EXPECT_THROW(NewFile(folder.path() / "none" / "a"), std::system_error);
  EXPECT_THAT(names_in(folder.path()), ElementsAre("device", "directory", "pipe"));
}

TEST(NewFile, TheLimitOfAFilesSizeIsSaidAndNothingIsLeft) {
  const testing::TemporaryFolder folder;
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{.rlim_cur = 1000, .rlim_max = limit.rlim_max};
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    NewFile file(folder.path() / "a");
    file.write(std::string(2000, 'x'));
  } catch (const NotEnoughDisk& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &limit);
  ::signal(SIGXFSZ, before);
  EXPECT_THAT(message, HasSubstr("ulimit -f"));
  EXPECT_THAT(names_in(folder.path()), ElementsAre());
}

TEST(WholeFile, IsReadOrItIsSaidWhyNot) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  const std::string text = std::string(200'000, 'x') + std::string("\0y", 2);
  std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(read_whole_file(path), text);
  EXPECT_EQ(read_whole_file(path, text.size()), text);
  EXPECT_THROW(read_whole_file(path, text.size() - 1), std::system_error);
  try {
    read_whole_file(folder.path());
    FAIL() << "a directory was read";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.what(), folder.path().string() + " cannot be read: Is a directory");
  }
}

}  // namespace
}  // namespace deskhand
