#include "core/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernels/formats/format.h"

namespace deskhand {

Weights::Weights(std::shared_ptr<const ModelFile> file, Backend& backend, std::stop_token stop)
    : file_(std::move(file)), backend_(backend), stop_(std::move(stop)) {}

void Weights::fail(std::string_view name, const std::string& message) const {
  throw ModelFileError(fmt::format("{}: tensor '{}' {}", file_->path().string(), name, message));
}

const TensorInfo& Weights::find(std::string_view name) const {
  const TensorInfo* tensor = file_->find_tensor(name);
  if (tensor == nullptr) fail(name, "is missing");
  if (tensor->data == nullptr) fail(name, "is described but not stored: the file ends before its tensors");
  return *tensor;
}

const TensorInfo& Weights::find(std::string_view name, Shape shape) const {
  const TensorInfo& tensor = find(name);
  const ConstView view = tensor.view();
  if (view.rows != shape.rows || view.cols != shape.cols) {
    fail(name, fmt::format("must have {} × {} values, not {} × {}", shape.rows, shape.cols, view.rows, view.cols));
  }
  return tensor;
}

const Weight& Weights::matrix(std::string_view name, Shape shape) {
  const TensorInfo& tensor = find(name, shape);
  std::unique_ptr<Weight>& weight = matrices_[tensor.name];
  if (weight) return *weight;
  if (stop_.stop_requested()) throw LoadStopped();
  if (!backend_.supports(tensor.type)) {
    fail(name, fmt::format("is of type {}, which no kernel here can use", dtype_info(tensor.type).name));
  }
  if (reinterpret_cast<uintptr_t>(tensor.data) % alignof(float) != 0) {
    fail(name, "is not aligned to 4 bytes (general.alignment is too small)");
  }
  weight = backend_.pack(tensor.view(), file_);
  return *weight;
}

const Weight& Weights::matrix_or(std::string_view name, std::string_view shared, Shape shape) {
  return matrix(has(name) ? name : shared, shape);
}

std::span<const float> Weights::vector(std::string_view name, int64_t size) {
  return table(name, {.rows = 1, .cols = size});
}

std::span<const float> Weights::table(std::string_view name, Shape shape) {
  const TensorInfo& tensor = find(name, shape);
  std::vector<float>& values = vectors_[tensor.name];
  if (values.empty()) {
    if (tensor.type != DType::f32) fail(name, fmt::format("must be F32, not {}", dtype_info(tensor.type).name));
    values.resize(static_cast<size_t>(shape.rows * shape.cols));
    std::memcpy(values.data(), tensor.data, tensor.bytes);
  }
  return values;
}

std::span<const float> Weights::numbers(std::string_view name, int64_t count) {
  const TensorInfo& tensor = find(name);
  const ConstView view = tensor.view();
  if (view.rows * view.cols != count) {
    fail(name, fmt::format("must have {} values, not {} × {}", count, view.rows, view.cols));
  }
  std::vector<float>& values = vectors_[tensor.name];
  if (!values.empty()) return values;
  const Format* format = find_format(tensor.type);
  if (format == nullptr) fail(name, fmt::format("is of type {}, expected numbers", dtype_info(tensor.type).name));
  values.resize(static_cast<size_t>(count));
  format->to_float(tensor.data, values.data(), count);
  return values;
}

const float* Weights::vector_if(std::string_view name, int64_t size) {
  return has(name) ? vector(name, size).data() : nullptr;
}

void Weights::expect_all_taken() const {
  std::string names;
  size_t unused = 0;
  for (const TensorInfo& tensor : file_->tensors()) {
    if (matrices_.contains(tensor.name) || vectors_.contains(tensor.name)) continue;
    const auto begins = [&](const std::string& prefix) { return tensor.name.starts_with(prefix); };
    if (std::any_of(ignored_.begin(), ignored_.end(), begins)) continue;
    if (++unused <= 3) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", tensor.name);
  }
  if (unused == 0) return;
  throw ModelFileError(fmt::format("{}: {} tensors are not used by its family: {}{}", file_->path().string(), unused,
                                   names, unused > 3 ? "…" : ""));
}

}  // namespace deskhand
