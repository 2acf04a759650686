// The documents keep up with the tree: links lead somewhere, the hops of docs/architecture.md exist.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/test_data.h"

namespace fs = std::filesystem;
using deskhand::testing::read_file;

namespace {

std::vector<fs::path> documents() {
  std::vector<fs::path> found = {"README.md", "CHANGELOG.md"};
  for (const auto& entry : fs::directory_iterator("docs")) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  return found;
}

TEST(Docs, LinksLeadSomewhere) {
  const std::regex link(R"(\]\(([^)#\s]+)(#[^)]*)?\))");
  int links = 0;
  for (const fs::path& path : documents()) {
    const std::string text = read_file(path);
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
      const std::string target = (*it)[1].str();
      if (target.find("://") != std::string::npos) continue;
      ++links;
      EXPECT_TRUE(fs::exists(path.parent_path() / target)) << path << " links to " << target;
    }
  }
  EXPECT_GT(links, 12);
}

// Rows of the hop table: | 2 | [`X11Desktop::capture`](../platform/x11/desktop.cpp) | …: the function's name without
// its class stands in that file.
TEST(Docs, EveryHopOfTheArchitectureExists) {
  const std::string text = read_file("docs/architecture.md");
  const std::regex row(R"(\|\s*(\d+)\s*\|\s*\[`([^`]+)`\]\(\.\./([^)]+)\))");
  int hops = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) {
    const std::string function = (*it)[2].str();
    const std::string file = (*it)[3].str();
    ASSERT_TRUE(fs::exists(file)) << file;
    const size_t colon = function.rfind("::");
    const std::string name = colon == std::string::npos ? function : function.substr(colon + 2);
    EXPECT_NE(read_file(file).find(name + "("), std::string::npos) << name << " in " << file;
    EXPECT_EQ((*it)[1].str(), std::to_string(++hops));
  }
  EXPECT_EQ(hops, 12);
}

}  // namespace
