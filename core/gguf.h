#pragma once
// GGUF v3 (and v2) files: metadata and tensors of a memory-mapped, hostile file.
//
//   std::shared_ptr<const GgufFile> file = GgufFile::open("model.gguf");
//   std::string_view arch = file->metadata().text("general.architecture");
//   const TensorInfo* t = file->find_tensor("token_embd.weight");     // nullptr when absent
//
// Opening checks every count, length, offset, type and alignment and throws ModelFileError ("what, where, expected,
// got"). Views point into the mapping and live as long as the file.
// Source: the public GGUF specification.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernels/view.h"

namespace deskhand {

class ModelFileError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An array value: numbers stay in the file; strings are views into it.
struct MetadataArray {
  uint32_t element_type = 0;  ///< GGUF value type id: 4 u32, 5 i32, 6 f32, 8 string…
  uint64_t count = 0;
  const std::byte* data = nullptr;        ///< packed little-endian numbers (unaligned), or null for strings
  std::vector<std::string_view> strings;  ///< when element_type is 8

  std::vector<float> as_floats() const;  ///< throws ModelFileError for strings
  std::vector<int64_t> as_integers() const;
};

using MetadataValue = std::variant<uint64_t, int64_t, double, bool, std::string_view, MetadataArray>;

/// Key–value pairs. The typed getters throw ModelFileError naming the key when it is absent or of another type.
class Metadata {
 public:
  virtual ~Metadata() = default;
  virtual const MetadataValue* find(std::string_view key) const = 0;
  virtual std::vector<std::string_view> keys() const = 0;

  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::string_view text(std::string_view key) const;
  int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  bool boolean(std::string_view key) const;
  const MetadataArray& array(std::string_view key) const;
  std::string_view text_or(std::string_view key, std::string_view fallback) const;
  int64_t integer_or(std::string_view key, int64_t fallback) const;
  double number_or(std::string_view key, double fallback) const;
  bool boolean_or(std::string_view key, bool fallback) const;
};

struct TensorInfo {
  std::string_view name;
  DType type = DType::f32;
  uint32_t dimensions = 0;
  std::array<int64_t, 4> shape{1, 1, 1, 1};  ///< fastest axis first, as in the file: {cols, rows, …}
  const std::byte* data = nullptr;
  size_t bytes = 0;

  /// As a matrix [rows, cols = shape[0]]; the outer axes are folded into rows.
  ConstView view() const;
};

class GgufFile {
 public:
  static std::shared_ptr<const GgufFile> open(const std::filesystem::path& path);
  virtual ~GgufFile() = default;
  virtual const std::filesystem::path& path() const = 0;
  virtual const Metadata& metadata() const = 0;
  virtual std::span<const TensorInfo> tensors() const = 0;
  virtual const TensorInfo* find_tensor(std::string_view name) const = 0;
};

}  // namespace deskhand
