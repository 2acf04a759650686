#pragma once
// A model on disk: a GGUF file or a Hugging Face directory, in one spelling.
//
//   std::shared_ptr<const ModelFile> file = ModelFile::open("model.gguf");       // or a directory with config.json
//   std::string_view arch = file->metadata().text("general.architecture");
//   const TensorInfo* t = file->find_tensor("token_embd.weight");                // nullptr when absent
//
// Keys, tensor names and what tensors hold (norms of Gemma with their 1 added) are those of GGUF; where a directory
// keeps another layout (rotary pairs), a key says so. Views point into the mapping and live as long as the file.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>

#include "core/metadata.h"
#include "kernels/view.h"

namespace deskhand {

/// The user asked to stop while a model was loading.
class LoadStopped : public std::runtime_error {
 public:
  LoadStopped() : std::runtime_error("loading the model was stopped") {}
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

class ModelFile {
 public:
  /// Throws ModelFileError ("what, where, expected, got"): every count, length, offset and type is checked.
  static std::shared_ptr<const ModelFile> open(const std::filesystem::path& path);
  virtual ~ModelFile() = default;
  virtual const std::filesystem::path& path() const = 0;
  virtual const Metadata& metadata() const = 0;
  virtual std::span<const TensorInfo> tensors() const = 0;
  virtual const TensorInfo* find_tensor(std::string_view name) const = 0;
};

}  // namespace deskhand
