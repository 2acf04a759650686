#pragma once
// Weights as the CPU keeps them: floats in the file's own bytes, quantised rows interleaved for the vector units.
//
//   InterleavedWeight w(view, loops, isa.lanes);       // copies; the file's pages are not needed any more
//   w.fill(first_group, count);                        // any split of the groups, on any threads
//   w.row(7, values);                                  // row 7 as floats, bit-equal to the format's definition
//
// Layout: kernels/cpu/isa.h. A group is {codes of all columns, scales of all columns}, each on a 64-byte boundary.

#include <memory>

#include "kernels/backend.h"
#include "kernels/cpu/isa.h"
#include "kernels/formats/format.h"

namespace deskhand::cpu {

class InterleavedWeight final : public Weight {
 public:
  InterleavedWeight(ConstView view, const QuantisedLoops& loops, int64_t lanes);

  DType type() const override { return view_.type; }
  int64_t rows() const override { return view_.rows; }
  int64_t cols() const override { return view_.cols; }
  size_t bytes() const override { return static_cast<size_t>(groups_) * group_bytes(); }

  /// Interleaves some groups from the file's rows, which must still be there.
  void fill(int64_t first_group, int64_t count);
  void row(int64_t row, float* values) const;

  const QuantisedLoops& loops() const { return loops_; }
  int64_t groups() const { return groups_; }
  int64_t units() const { return view_.cols / loops_.unit; }
  size_t group_bytes() const { return code_bytes_ + scale_bytes_; }
  /// Group g from unit u on.
  Group group(int64_t g, int64_t u = 0) const;

 private:
  void fill_row(int64_t row);

  ConstView view_;  ///< its data is used by fill only
  const QuantisedLoops& loops_;
  const Coding& coding_;
  int64_t lanes_;
  int64_t groups_;
  size_t code_bytes_;
  size_t scale_bytes_;
  std::unique_ptr<std::byte, void (*)(std::byte*)> memory_;
  std::byte* base_;
};

}  // namespace deskhand::cpu
