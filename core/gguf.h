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

#include <filesystem>
#include <memory>

#include "core/model_file.h"

namespace deskhand {

/// A key–value pair as it lies in the file.
struct GgufPair {
  std::string_view key;
  std::span<const std::byte> bytes;  ///< key, type and value
};

class GgufFile : public ModelFile {
 public:
  static std::shared_ptr<const GgufFile> open(const std::filesystem::path& path);
  /// In the order of the file.
  virtual std::span<const GgufPair> pairs() const = 0;
};

}  // namespace deskhand
