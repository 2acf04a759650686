#pragma once
// The products of the CPU backend: y = x · Wᵀ for several weights that share x.
//
//   Matmul matmul(isa, threads);    matmul.reserve(512, 4864);    matmul.run(terms, x);
//
// Few rows of x: every weight is read once, in order, from memory. Many rows: two groups of rows are taken apart into a
// panel in the first-level cache, which all rows of x then use. Weights that are not interleaved (floats, and
// everything in exact mode) go through float32 the same two ways. Experts are parts of one weight, each with its own
// rows of x; a group that holds rows of two experts is computed for both.

#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/backend.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/threads.h"

namespace deskhand::cpu {

class Matmul {
 public:
  Matmul(const Isa& isa, Threads& threads);
  ~Matmul();

  /// Room for x of this size.
  void reserve(int64_t rows, int64_t cols);
  void run(std::span<const MatmulTerm> terms, ConstView x);
  /// As Backend::matmul_experts.
  void run_experts(View y, const Weight& w, int64_t experts, ConstView x, std::span<const int32_t> expert_of_row);

 private:
  struct Scratch;
  struct Part;

  void quantise(ConstView x);
  void add_part(const MatmulTerm& term, ConstView x, int64_t first_x, int64_t first, int64_t outputs);
  void run_parts(ConstView x);
  void run_task(int64_t task, int thread);
  Activations activations(const Part& part, int64_t row, int64_t column) const;
  void few_rows(const Part& part, int64_t first, int64_t count, Scratch& scratch) const;
  void panel(const Part& part, int64_t index, Scratch& scratch) const;
  void few_float_rows(const Part& part, int64_t first, int64_t count, Scratch& scratch) const;
  void float_panel(const Part& part, int64_t index, Scratch& scratch) const;
  void load_float_panel(ConstView weight, int64_t first_row, int64_t column, int64_t columns, Scratch& scratch) const;
  void load_floats(ConstView weight, int64_t row, int64_t column, int64_t columns, float* values) const;

  const Isa& isa_;
  Threads& threads_;
  AlignedBytes activations_;
  Activations x_{};
  std::vector<Part> parts_;       ///< of the present run
  std::vector<Scratch> scratch_;  ///< one per thread
};

}  // namespace deskhand::cpu
