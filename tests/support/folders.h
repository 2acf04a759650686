#pragma once
// What lies in a folder.
//
//   EXPECT_THAT(names_in(folder.path()), ElementsAre("a.gguf"));      // and nothing was left behind

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace deskhand::testing {

/// Hidden ones too, sorted.
inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace deskhand::testing
