#pragma once
// GGUF v3 files, written from the front to the back.
//
//   GgufWriter out("model-q8_0.gguf");
//   for (const GgufPair& pair : file->pairs()) out.copy(pair);     // byte for byte
//   out.set("general.file_type", uint32_t{7});                     // in place of the pair with that key, or at the end
//   out.declare(tensor);                                           // all of them: name, shape, type
//   for (…) out.write(rows);                                       // the tensors' bytes, in that order
//   out.finish();
//
// As a NewFile, it gets its name in finish() and is gone when that is not reached. Throws std::system_error,
// NotEnoughDisk.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/gguf.h"
#include "core/new_file.h"

namespace deskhand {

class GgufWriter {
 public:
  explicit GgufWriter(std::filesystem::path path);

  void copy(const GgufPair& pair);
  void set(std::string_view key, uint32_t value);
  /// A value of any kind, in the GGUF type that holds it: u32 for whole numbers that fit, else i64; f32; bool; text.
  void set(std::string_view key, const MetadataValue& value);
  /// `tensor.type` and shape count; data and bytes do not.
  void declare(const TensorInfo& tensor);
  /// Bytes of the file, which is known once everything is declared.
  uint64_t total_bytes() const;

  /// The next bytes of the tensors; after the last byte of one comes the first of the next.
  void write(std::span<const std::byte> bytes);
  void finish();

 private:
  struct Declared {
    TensorInfo tensor;
    std::string name;
    uint64_t offset = 0;
  };

  std::string& place_of(std::string_view key);
  std::string header() const;
  uint64_t alignment() const { return alignment_; }
  void pad(uint64_t position);

  NewFile file_;
  uint64_t alignment_ = 32;
  std::vector<std::pair<std::string, std::string>> pairs_;  ///< key, and the bytes of the whole pair
  std::vector<Declared> tensors_;
  size_t current_ = 0;       ///< tensor that is being written
  uint64_t in_tensor_ = 0;   ///< bytes of it so far
  uint64_t data_bytes_ = 0;  ///< of all tensors so far, with padding
  bool begun_ = false;
};

}  // namespace deskhand
