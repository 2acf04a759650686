#pragma once
// Safetensors: the tensors of a memory-mapped, hostile file, or of all files of a checkpoint.
//
//   Safetensors file = Safetensors::open("model.safetensors");
//   Safetensors all = Safetensors::open_directory("Qwen2.5-0.5B");      // one file, or the shards that the index names
//   for (const TensorInfo& tensor : all.tensors()) use(tensor.name, tensor.view());
//
// Shapes are given fastest axis first, as everywhere here; axes beyond the fourth are folded into it. Opening throws
// ModelFileError unless the header is strict JSON of at most 100 MB without duplicates, every shape fits its bytes, the
// bytes of all tensors follow each other without gap or overlap up to the end of the file, and the index names exactly
// the tensors of its files, which lie in the directory. Types: F32, F16, BF16 and those that only need a name to be
// refused by (F64, I8…I64). Source: the public description of the format.

#include <deque>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/mapped_file.h"
#include "core/model_file.h"

namespace deskhand {

class Safetensors {
 public:
  static Safetensors open(const std::filesystem::path& file);
  static Safetensors open_directory(const std::filesystem::path& directory);

  std::span<const TensorInfo> tensors() const { return tensors_; }

 private:
  void add_file(const std::filesystem::path& path);
  void add_shards(const std::filesystem::path& directory, const std::filesystem::path& index);

  std::vector<std::shared_ptr<const MappedFile>> files_;
  std::deque<std::string> names_;
  std::vector<TensorInfo> tensors_;
};

}  // namespace deskhand
