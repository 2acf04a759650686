// Files that are mapped, and what stands where a file should.

#include "core/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "tests/support/test_data.h"

namespace deskhand {
namespace {

TEST(MappedFile, HoldsTheBytes) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder.path() / "some") << "abc";
  std::ofstream(folder.path() / "none");
  const auto some = MappedFile::open(folder.path() / "some");
  ASSERT_EQ(some->bytes().size(), 3u);
  EXPECT_EQ(some->bytes()[2], std::byte{'c'});
  EXPECT_TRUE(MappedFile::open(folder.path() / "none")->bytes().empty());
}

TEST(MappedFile, WhatIsNoRegularFileIsRefusedAtOnce) {
  const testing::TemporaryFolder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ::alarm(20);  // ends the test where opening waits for a writer
  for (const std::filesystem::path& path : {pipe, folder.path(), folder.path() / "missing"}) {
    try {
      MappedFile::open(path);
      ADD_FAILURE() << path;
    } catch (const std::system_error& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    }
  }
  ::alarm(0);
}

}  // namespace
}  // namespace deskhand
