#pragma once
// What the op tests share: random matrices between guard bytes, random weights of any type, NMSE, every backend.
//
//   Matrix x = Matrix::random(3, 64, 7);    EXPECT_LE(nmse(y, expected), 1e-7);    y.check_guards();

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/formats/format.h"
#include "kernels/half.h"

namespace deskhand::testing {

/// An f32 matrix with 64 guard bytes before and behind, and between rows when padded.
class Matrix {
 public:
  Matrix(int64_t rows, int64_t cols, int64_t padding = 3) : rows_(rows), cols_(cols), stride_(cols + padding) {
    bytes_.assign(static_cast<size_t>(rows * stride_) * 4 + 128, std::byte{0xa5});
    for (int64_t r = 0; r < rows; ++r) std::fill_n(view().row(r), cols, 0.0f);
  }

  static Matrix random(int64_t rows, int64_t cols, uint32_t seed, float size = 1.0f) {
    Matrix m(rows, cols);
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0.0f, size);
    for (int64_t r = 0; r < rows; ++r) std::generate_n(m.view().row(r), cols, [&] { return normal(engine); });
    return m;
  }

  View view() { return {bytes_.data() + 64, DType::f32, rows_, cols_, static_cast<size_t>(stride_) * 4}; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }

  void check_guards() {
    const auto untouched = [](const std::byte* from, size_t count) {
      return std::all_of(from, from + count, [](std::byte b) { return b == std::byte{0xa5}; });
    };
    EXPECT_TRUE(untouched(bytes_.data(), 64)) << "written before the matrix";
    for (int64_t r = 0; r < rows_; ++r) {
      const auto* end = reinterpret_cast<const std::byte*>(view().row(r) + cols_);
      EXPECT_TRUE(untouched(end, static_cast<size_t>(stride_ - cols_) * 4)) << "written behind row " << r;
    }
    EXPECT_TRUE(untouched(bytes_.data() + bytes_.size() - 64, 64)) << "written behind the matrix";
  }

 private:
  int64_t rows_, cols_, stride_;
  std::vector<std::byte> bytes_;
};

/// Σ (actual − expected)² / Σ expected²; infinite for a NaN. `least` bounds the divisor from below.
inline double nmse(Matrix& actual, Matrix& expected, double least = 0) {
  double error = 0, size = 0;
  for (int64_t r = 0; r < expected.rows(); ++r) {
    for (int64_t i = 0; i < expected.cols(); ++i) {
      const double e = expected.view().row(r)[i], d = actual.view().row(r)[i] - e;
      if (!(d == d)) return INFINITY;
      error += d * d;
      size += e * e;
    }
  }
  size = std::max(size, least);
  return size > 0 ? error / size : error;
}

/// Σ (x · w)² over all terms of all dot products: the size of x · Wᵀ where few outputs may cancel by chance.
inline double product_energy(Matrix& x, ConstView w) {
  std::vector<float> row(static_cast<size_t>(w.cols));
  double energy = 0;
  for (int64_t o = 0; o < w.rows; ++o) {
    find_format(w.type)->to_float(w.row_data(o), row.data(), w.cols);
    for (int64_t r = 0; r < x.rows(); ++r) {
      for (int64_t i = 0; i < w.cols; ++i) {
        const double term = static_cast<double>(x.view().row(r)[i]) * row[i];
        energy += term * term;
      }
    }
  }
  return energy;
}

/// Random bits with sane scales, as rows of any type.
struct RandomWeight {
  std::shared_ptr<std::vector<std::byte>> bytes;
  ConstView view;

  RandomWeight(DType type, int64_t rows, int64_t cols, uint32_t seed)
      : bytes(std::make_shared<std::vector<std::byte>>(static_cast<size_t>(rows) * row_bytes(type, cols))),
        view(bytes->data(), type, rows, cols) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal;
    if (const Format* format = find_format(type); !format->coding) {
      std::vector<float> row(static_cast<size_t>(cols));
      for (int64_t r = 0; r < rows; ++r) {
        std::generate(row.begin(), row.end(), [&] { return normal(engine); });
        format->from_float(row.data(), bytes->data() + static_cast<size_t>(r) * row_bytes(type, cols), cols);
      }
      return;
    }
    std::generate(bytes->begin(), bytes->end(), [&] { return static_cast<std::byte>(engine()); });
    const bool at_end = type == DType::q2_k || type == DType::q3_k || type == DType::q6_k;
    const bool two =
        type == DType::q4_1 || type == DType::q5_1 || type == DType::q2_k || type == DType::q4_k || type == DType::q5_k;
    const size_t block = dtype_info(type).block_bytes;
    for (size_t at = 0; at < bytes->size(); at += block) {
      std::byte* half = bytes->data() + at + (at_end ? block - (two ? 4 : 2) : 0);
      store_u16(half, f32_to_f16(normal(engine) * 0.01f));
      if (two) store_u16(half + 2, f32_to_f16(normal(engine) * 0.01f));
    }
  }
};

inline std::vector<DType> weight_types() {
  std::vector<DType> types;
  for (const Format* format : formats()) types.push_back(format->type);
  return types;
}

}  // namespace deskhand::testing
