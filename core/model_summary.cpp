#include "core/model_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

namespace deskhand {

std::string describe_types(const ModelFile& file) {
  struct Sum {
    int64_t tensors = 0;
    size_t bytes = 0;
  };
  std::map<std::string_view, Sum> sums;
  for (const TensorInfo& tensor : file.tensors()) {
    Sum& sum = sums[dtype_info(tensor.type).name];
    ++sum.tensors;
    sum.bytes += tensor.bytes;
  }
  std::vector<std::pair<std::string_view, Sum>> sorted(sums.begin(), sums.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.bytes > b.second.bytes; });
  std::string out;
  for (const auto& [name, sum] : sorted) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, sum.tensors);
  return out;
}

}  // namespace deskhand
