#pragma once
// The tensors of a model file, taken by name and shape.
//
//   Weights weights(file, backend);
//   const Weight& q = weights.matrix("blk.0.attn_q.weight", {.rows = 896, .cols = 896});
//   std::span<const float> norm = weights.vector("output_norm.weight", 896);
//   weights.expect_all_taken();      // whoever opens the model says this last
//
// A tensor taken twice is the same Weight, so shared weights exist once. A missing tensor, another shape and a type
// that the backend cannot pack throw ModelFileError naming the tensor. What is taken lives as long as the Weights.

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model_file.h"
#include "kernels/backend.h"

namespace deskhand {

class Weights {
 public:
  struct Shape {
    int64_t rows = 0, cols = 0;
  };

  /// `stop` ends the taking of matrices with LoadStopped.
  Weights(std::shared_ptr<const ModelFile> file, Backend& backend, std::stop_token stop = {});

  bool has(std::string_view name) const { return file_->find_tensor(name) != nullptr; }
  /// Rows of a tensor seen as a matrix. Throws when it is missing.
  int64_t rows_of(std::string_view name) const { return find(name).view().rows; }
  /// Throws ModelFileError about a tensor: "{file}: tensor '{name}' {message}".
  [[noreturn]] void fail(std::string_view name, const std::string& message) const;
  /// A weight matrix [rows = outputs, cols = inputs].
  const Weight& matrix(std::string_view name, Shape shape);
  /// `name` when the file has it, else the tensor `shared`: tied weights.
  const Weight& matrix_or(std::string_view name, std::string_view shared, Shape shape);
  /// A table [rows, cols] of f32 numbers.
  std::span<const float> table(std::string_view name, Shape shape);
  /// A norm or bias of f32 numbers.
  std::span<const float> vector(std::string_view name, int64_t size);
  /// All `count` numbers of a tensor, whatever its shape and type.
  std::span<const float> numbers(std::string_view name, int64_t count);
  /// Null when the file has no such tensor.
  const float* vector_if(std::string_view name, int64_t size);

  /// Nobody is going to take the tensors whose names begin so.
  void ignore(std::string prefix) { ignored_.push_back(std::move(prefix)); }
  /// Throws ModelFileError naming tensors that nobody took: the file is of another variant than it says.
  void expect_all_taken() const;

 private:
  const TensorInfo& find(std::string_view name) const;
  const TensorInfo& find(std::string_view name, Shape shape) const;

  std::shared_ptr<const ModelFile> file_;
  Backend& backend_;
  std::stop_token stop_;
  std::unordered_map<std::string_view, std::unique_ptr<Weight>> matrices_;
  std::unordered_map<std::string_view, std::vector<float>> vectors_;
  std::vector<std::string> ignored_;
};

}  // namespace deskhand
