#include "tests/support/dialect_replies.h"

#include <sstream>

#include "tests/support/test_data.h"

namespace deskhand::testing {

std::vector<DialectVector> dialect_vectors(const std::filesystem::path& file) {
  std::vector<DialectVector> vectors;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json v = nlohmann::json::parse(line);
    const auto extent = [&](const char* name) { return Extent{v[name][0], v[name][1]}; };
    vectors.push_back({.dialect = v["dialect"],
                       .reply = v["reply"],
                       .note = v.value("note", ""),
                       .sizes = {.frame = extent("frame"), .screen = extent("screen")},
                       .actions = v.value("actions", nlohmann::json()),
                       .fault = v.value("error", "")});
  }
  return vectors;
}

}  // namespace deskhand::testing
