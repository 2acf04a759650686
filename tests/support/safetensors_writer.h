#pragma once
// Safetensors files for tests, right or wrong on purpose.
//
//   write_safetensors(path, R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "\0\0\0\0"s);

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace deskhand::testing {

inline std::string safetensors_bytes(const std::string& header, const std::string& data) {
  std::string out;
  const uint64_t length = header.size();
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(length >> (8 * i)));
  return out + header + data;
}

inline void write_safetensors(const std::filesystem::path& path, const std::string& header, const std::string& data) {
  std::ofstream(path, std::ios::binary) << safetensors_bytes(header, data);
}

}  // namespace deskhand::testing
