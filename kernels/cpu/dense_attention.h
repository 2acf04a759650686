#pragma once
// Attention over rows of matrices on the CPU.
//
//   DenseAttention attention(isa, threads);     attention.run(out, {q, k, v, shape}, segments);
//
// A task is a block of a segment's queries in one head, or all heads of a small segment. Its queries are laid out so
// that a lane is a query; K and V pass once per task in blocks that stay in the first-level cache. Memory is that of a
// task per thread. A row's result does not depend on the rows that go with it.

#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/backend.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/threads.h"

namespace deskhand::cpu {

class DenseAttention {
 public:
  struct Input {
    ConstView q, k, v;
    const DenseAttentionShape& shape;
  };

  DenseAttention(const Isa& isa, Threads& threads) : isa_(isa), threads_(threads), scratch_(threads.count()) {}

  void run(View out, const Input& in, std::span<const DenseSegment> segments);

 private:
  struct Task;
  struct Room;
  /// The tasks of one segment.
  struct Unit {
    const DenseSegment* segment;
    int64_t blocks;  ///< of queries
    int64_t heads;   ///< of a task
    int64_t end;     ///< first task after the unit's
  };

  void add_units(std::span<const DenseSegment> segments, const DenseAttentionShape& shape);
  void run_task(View out, const Input& in, int64_t index, int thread) const;
  void attend(View out, const Input& in, const Task& task, const Room& room) const;

  const Isa& isa_;
  Threads& threads_;
  std::vector<Unit> units_;            ///< of the present run
  std::vector<AlignedBytes> scratch_;  ///< one per thread
};

}  // namespace deskhand::cpu
