#pragma once
// Key–value pairs of a model: its shape, its tokenizer, its chat template. The keys are those of GGUF files, whatever
// the model came from.
//
//   int64_t layers = metadata.integer("llama.block_count");
//
// Strings and arrays are views into the model file that they came from.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

/// Text of a hostile file fit for a one-line message: its first 80 bytes, "?" for what is not printable ASCII.
std::string one_line(std::string_view text);

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

}  // namespace deskhand
