// What control groups of both versions leave.
#include "core/memory.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/test_data.h"

namespace deskhand {
namespace {

class MemoryLeft : public ::testing::Test {
 protected:
  void write(const char* name, const char* text) { std::ofstream(folder_.path() / name) << text; }
  size_t left() const { return memory_left(folder_.path()); }
  testing::TemporaryFolder folder_;
};

TEST_F(MemoryLeft, OfVersionTwo) {
  write("memory.max", "1000\n");
  write("memory.current", "700\n");
  EXPECT_EQ(left(), 300);
  write("memory.stat", "anon 100\nfile 600\ninactive_file 400\nactive_file 150\n");
  EXPECT_EQ(left(), 850) << "files in memory can be dropped";
}

TEST_F(MemoryLeft, OfVersionOne) {
  write("memory.limit_in_bytes", "1000\n");
  write("memory.usage_in_bytes", "900\n");
  write("memory.stat", "inactive_file 1\ntotal_inactive_file 200\ntotal_active_file 50\n");
  EXPECT_EQ(left(), 350);
}

TEST_F(MemoryLeft, WithoutALimit) {
  EXPECT_EQ(left(), SIZE_MAX);
  write("memory.max", "max\n");
  write("memory.current", "700\n");
  EXPECT_EQ(left(), SIZE_MAX);
}

TEST_F(MemoryLeft, BeyondTheLimitIsNothing) {
  write("memory.max", "1000\n");
  write("memory.current", "1200\n");
  EXPECT_EQ(left(), 0);
}

TEST(AvailableMemory, IsSomeAndNotEndless) {
  EXPECT_GT(available_memory(), size_t{1} << 20);
  EXPECT_LT(available_memory(), size_t{1} << 60);
}

}  // namespace
}  // namespace deskhand
