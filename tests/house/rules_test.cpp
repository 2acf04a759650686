// The rules of the house, read from the source tree itself: ranks of includes, sizes, names, comments of headers.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/test_data.h"

namespace fs = std::filesystem;
using deskhand::testing::read_file;

namespace {

const std::map<std::string, int> ranks = {{"kernels", 0}, {"platform", 0}, {"core", 1}, {"vision", 2},
                                          {"tools", 3},   {"agent", 4},    {"apps", 5}};

bool is_source(const fs::path& path) {
  static constexpr std::array endings = {".h", ".cpp", ".inl", ".cu"};
  return std::find(endings.begin(), endings.end(), path.extension().string()) != endings.end();
}

// Every source file of the rooms (and of tests/), relative to the root of the tree, the tests' working directory.
std::vector<fs::path> sources(bool with_tests) {
  std::vector<std::string> folders;
  for (const auto& [room, rank] : ranks) folders.push_back(room);
  if (with_tests) folders.push_back("tests");
  std::vector<fs::path> found;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() && is_source(entry.path())) found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::istringstream in(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Rules, TheTreeIsThere) {
  ASSERT_GT(sources(false).size(), 50u) << "run from the root of the source tree";
}

TEST(Rules, AnIncludeNeverClimbs) {
  const std::regex include(R"re(^\s*#\s*include\s+"([^"]+)")re");
  for (const fs::path& path : sources(false)) {
    const std::string room = path.begin()->string();
    for (const std::string& line : lines_of(path)) {
      std::smatch match;
      if (!std::regex_search(line, match, include)) continue;
      const fs::path target = match[1].str();
      const auto rank = ranks.find(target.begin()->string());
      ASSERT_NE(rank, ranks.end()) << path << " includes " << target << ": expected a path from the root of the tree";
      const bool lower = rank->first == room || rank->second < ranks.at(room);
      EXPECT_TRUE(lower) << path << " includes " << target;
    }
  }
}

TEST(Rules, FilesAreShort) {
  for (const fs::path& path : sources(true)) {
    const size_t limit = path.extension() == ".h" ? 150 : 500;
    EXPECT_LE(lines_of(path).size(), limit) << path;
  }
}

TEST(Rules, FilesAreSplitByIdea) {
  const std::regex name(R"(^[a-z0-9]+(_[a-z0-9]+)*$)");
  const std::regex numbered(R"(_[0-9]$)");
  for (const fs::path& path : sources(true)) {
    const std::string stem = path.stem().string();
    EXPECT_TRUE(std::regex_match(stem, name)) << path << ": expected snake_case";
    // A digit that belongs to the name of a format (q4_0.cpp) is no numbered split.
    if (path.parent_path().filename() != "formats") {
      EXPECT_FALSE(std::regex_search(stem, numbered)) << path << ": expected a name by idea";
    }
  }
}

TEST(Rules, HeadersOpenWithWhatTheyAre) {
  for (const fs::path& path : sources(false)) {
    if (path.extension() != ".h") continue;
    const std::vector<std::string> lines = lines_of(path);
    ASSERT_GE(lines.size(), 2u) << path;
    EXPECT_EQ(lines[0], "#pragma once") << path;
    EXPECT_EQ(lines[1].rfind("//", 0), 0u) << path << ": expected a comment that says what it is";
  }
}

TEST(Rules, NoOptionalPartIsAConditional) {
  const std::regex conditional(R"(^\s*#\s*(ifdef|ifndef|if|elif)\b(.*))");
  for (const fs::path& path : sources(false)) {
    for (const std::string& line : lines_of(path)) {
      std::smatch match;
      if (!std::regex_search(line, match, conditional)) continue;
      // __AVX2__, __GNUC__ and their like speak of the compiler; HAVE_… and WITH_… of parts that may be absent.
      EXPECT_NE(match[2].str().find("__"), std::string::npos) << path << ": " << line;
    }
  }
}

TEST(Rules, LibraryRoomsNeverPrintOrExit) {
  const std::regex forbidden(
      R"((std::cout|std::cerr|\bprintf\(|\bfprintf\(|fmt::print\(|std::exit\(|\bexit\(|std::abort\(|\babort\())");
  for (const fs::path& path : sources(false)) {
    if (path.begin()->string() == "apps") continue;
    for (const std::string& line : lines_of(path)) {
      const std::string code = line.substr(0, line.find("//"));
      EXPECT_FALSE(std::regex_search(code, forbidden)) << path << ": " << line;
    }
  }
}

TEST(Rules, NothingIsLeftUndone) {
  const std::array words = {std::string("TO") + "DO", std::string("FIX") + "ME"};
  for (const fs::path& path : sources(true)) {
    const std::string text = read_file(path);
    for (const std::string& word : words) EXPECT_EQ(text.find(word), std::string::npos) << path << ": " << word;
  }
}

}  // namespace
