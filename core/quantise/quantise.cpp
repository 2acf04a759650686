#include "core/quantise/quantise.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "core/disk.h"
#include "core/gguf.h"
#include "core/gguf_writer.h"
#include "kernels/formats/format.h"

namespace deskhand {
namespace {

constexpr uint32_t quantization_version = 2;  // of the formats' layouts; there has been no other for years
constexpr size_t slab_values = size_t{4} << 20;

void copy_metadata(const ModelFile& in, GgufWriter& out) {
  if (const auto* file = dynamic_cast<const GgufFile*>(&in)) {
    for (const GgufPair& pair : file->pairs()) out.copy(pair);
    return;
  }
  for (const std::string_view key : in.metadata().keys()) out.set(key, *in.metadata().find(key));
}

/// Rows of one tensor from one type to another, shared by threads.
class RowConverter {
 public:
  RowConverter(const ModelFile& file, const TensorInfo& tensor, DType type)
      : file_(file),
        name_(tensor.name),
        view_(tensor.view()),
        from_(*find_format(tensor.type)),
        to_(*find_format(type)) {}

  size_t out_row_bytes() const { return row_bytes(to_.type, view_.cols); }

  /// Rows [first, first + count) into `out`.
  void convert(int64_t first, int64_t count, std::byte* out, int threads) {
    std::atomic<int64_t> next = 0;
    std::atomic<bool> is_finite = true;
    const auto work = [&] {
      std::vector<float> values(static_cast<size_t>(view_.cols));
      for (int64_t i = next++; i < count; i = next++) {
        from_.to_float(view_.row_data(first + i), values.data(), view_.cols);
        if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) is_finite = false;
        to_.from_float(values.data(), out + static_cast<size_t>(i) * out_row_bytes(), view_.cols);
      }
    };
    {
      std::vector<std::jthread> helpers;
      for (int i = 1; i < threads; ++i) helpers.emplace_back(work);
      work();
    }
    if (is_finite) return;
    throw ModelFileError(
        fmt::format("{}: tensor '{}' holds infinities or not-a-numbers", file_.path().string(), one_line(name_)));
  }

 private:
  const ModelFile& file_;
  std::string_view name_;
  ConstView view_;
  const Format& from_;
  const Format& to_;
};

class Conversion {
 public:
  Conversion(const ModelFile& in, GgufWriter& out, const QuantiseOptions& options)
      : in_(in), out_(out), options_(options) {
    for (const TensorInfo& tensor : in.tensors()) total_ += tensor.bytes;
  }

  void copy(const TensorInfo& tensor) {
    constexpr size_t piece = slab_values;
    for (size_t at = 0; at < tensor.bytes; at += piece) {
      const size_t count = std::min(piece, tensor.bytes - at);
      out_.write({tensor.data + at, count});
      advance(count);
    }
  }

  void convert(const TensorInfo& tensor, DType type) {
    RowConverter rows(in_, tensor, type);
    const ConstView view = tensor.view();
    const int64_t step = std::max<int64_t>(1, static_cast<int64_t>(slab_values) / std::max<int64_t>(1, view.cols));
    std::vector<std::byte> slab;
    for (int64_t first = 0; first < view.rows; first += step) {
      const int64_t count = std::min(step, view.rows - first);
      slab.resize(static_cast<size_t>(count) * rows.out_row_bytes());
      rows.convert(first, count, slab.data(), options_.threads);
      out_.write(slab);
      advance(static_cast<size_t>(count) * view.stride);
    }
  }

 private:
  void advance(size_t bytes) {
    done_ += bytes;
    if (options_.on_progress) options_.on_progress(done_, total_);
    if (options_.stop.stop_requested()) throw LoadStopped();
  }

  const ModelFile& in_;
  GgufWriter& out_;
  const QuantiseOptions& options_;
  uint64_t done_ = 0, total_ = 0;
};

}  // namespace

QuantiseResult quantise(const ModelFile& in, const std::filesystem::path& out, const Recipe& recipe,
                        const QuantiseOptions& options) {
  QuantiseResult result;
  result.types = planned_types(in, recipe);
  GgufWriter writer(out);
  copy_metadata(in, writer);
  writer.set("general.quantization_version", quantization_version);
  writer.set("general.file_type", recipe.file_type);
  const std::span<const TensorInfo> tensors = in.tensors();
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].data == nullptr && tensors[i].bytes > 0) {
      throw ModelFileError(fmt::format("{}: describes tensors but does not hold them", in.path().string()));
    }
    TensorInfo target = tensors[i];
    target.type = result.types[i];
    writer.declare(target);
    result.bytes_before += tensors[i].bytes;
    result.bytes_after += row_bytes(target.type, target.shape[0]) * static_cast<size_t>(tensors[i].view().rows);
    result.changed += target.type != tensors[i].type;
  }
  expect_disk_room(std::filesystem::absolute(out).parent_path(), writer.total_bytes(), out.string());
  Conversion conversion(in, writer, options);
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (result.types[i] == tensors[i].type) {
      conversion.copy(tensors[i]);
    } else {
      conversion.convert(tensors[i], result.types[i]);
    }
  }
  writer.finish();
  return result;
}

}  // namespace deskhand
