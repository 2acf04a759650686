#pragma once
// The JSON header of a safetensors file, read in one pass that holds nothing but the tensors.
//
//   std::vector<SafetensorsEntry> entries = read_safetensors_header(text, "model.safetensors");
//
// Throws ModelFileError for JSON that is not of the format: another shape, a key twice, a missing part, a number that
// is no count. Whether the tensors fit the file is the caller's question.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

struct SafetensorsEntry {
  std::string name, type;                        ///< "BF16"
  std::vector<uint64_t> shape;                   ///< slowest axis first, as in the file
  std::optional<std::array<uint64_t, 2>> bytes;  ///< begin and end, counted from the end of the header
};

/// In the order of the header, without __metadata__.
std::vector<SafetensorsEntry> read_safetensors_header(std::string_view json, std::string_view what);

}  // namespace deskhand
