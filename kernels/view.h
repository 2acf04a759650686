#pragma once
// Borrowed matrices: a pointer, an element type and a shape. Row-major; rows lie `stride` bytes apart.
//
//   float numbers[6];
//   View x{numbers, DType::f32, 2, 3};     // 2 rows of 3
//   x.row(1)[2] = 7.0f;                    // f32 access

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/dtype.h"

namespace deskhand {

template <bool Const>
struct BasicView {
  using Byte = std::conditional_t<Const, const std::byte, std::byte>;
  using Void = std::conditional_t<Const, const void, void>;
  using Float = std::conditional_t<Const, const float, float>;

  Byte* data = nullptr;
  DType type = DType::f32;
  int64_t rows = 0;
  int64_t cols = 0;
  size_t stride = 0;  ///< bytes from one row to the next

  BasicView() = default;
  BasicView(Void* pointer, DType dtype, int64_t row_count, int64_t col_count)
      : data(static_cast<Byte*>(pointer)),
        type(dtype),
        rows(row_count),
        cols(col_count),
        stride(row_bytes(dtype, col_count)) {}
  BasicView(Void* pointer, DType dtype, int64_t row_count, int64_t col_count, size_t row_stride)
      : data(static_cast<Byte*>(pointer)), type(dtype), rows(row_count), cols(col_count), stride(row_stride) {}
  /// A writable view is readable too.
  operator BasicView<true>() const requires(!Const) { return {data, type, rows, cols, stride}; }

  /// Row r as float; the type must be f32.
  Float* row(int64_t r) const { return reinterpret_cast<Float*>(data + static_cast<size_t>(r) * stride); }
  /// Row r as bytes, any type.
  Byte* row_data(int64_t r) const { return data + static_cast<size_t>(r) * stride; }
  /// Rows [first, first + count).
  BasicView slice(int64_t first, int64_t count) const { return {row_data(first), type, count, cols, stride}; }
};

using View = BasicView<false>;
using ConstView = BasicView<true>;

}  // namespace deskhand
