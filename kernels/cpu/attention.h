#pragma once
// Attention over KV pages on the CPU.
//
//   PagedAttention attention(isa, threads);     attention.run(out, q, shape, rows);
//
// A task is one kv head with some neighbouring rows of one sequence: all their query heads read a page's K and V once.
// Pages are visited in order at fixed boundaries, so a row's result does not depend on the rows that go with it.

#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/backend.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/threads.h"

namespace deskhand::cpu {

class PagedAttention {
 public:
  PagedAttention(const Isa& isa, Threads& threads) : isa_(isa), threads_(threads), scratch_(threads.count()) {}

  void run(View out, ConstView q, const AttentionShape& shape, std::span<const AttentionRow> rows);

 private:
  struct Job;

  void run_tile(const Job& job, int64_t first, int64_t count, int64_t kv_head, float* scratch) const;
  bool load_page(const Job& job, std::span<const AttentionRow> rows, int64_t kv_head, int64_t page,
                 AttentionPage& to) const;

  const Isa& isa_;
  Threads& threads_;
  std::vector<AlignedBytes> scratch_;
};

}  // namespace deskhand::cpu
