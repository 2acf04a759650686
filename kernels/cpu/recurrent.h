#pragma once
// The ops with a state on the CPU.
//
//   Recurrent recurrent(isa, threads);     recurrent.delta_rule(out, rows, shape, runs);
//
// Conv state: [kernel − 1, channels], oldest row first. Delta state: per value head the panels of recurrent_jobs.h. The
// same for every instruction set. Tasks are sequences times channels or heads; a task takes the runs of its sequence in
// order.

#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/backend.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/threads.h"

namespace deskhand::cpu {

class Recurrent {
 public:
  Recurrent(const Isa& isa, Threads& threads) : isa_(isa), threads_(threads), scratch_(threads.count()) {}

  static size_t conv_state_bytes(int64_t channels, int64_t kernel);
  static size_t delta_state_bytes(const DeltaShape& shape);
  void causal_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs);
  void delta_rule(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs);

 private:
  struct Head;
  struct Scratch;

  void conv_block(View y, ConstView u, const ConvShape& shape, const RecurrentRun& run, int64_t first,
                  int64_t channels) const;
  static DeltaPanel first_panel(const Head& head, const RecurrentRun& run, const Scratch& scratch);
  void run_chunk(const DeltaShape& shape, const DeltaPanel& first, int64_t row, const Scratch& scratch) const;
  void run_head(const Head& head, const RecurrentRun& run, const Scratch& scratch) const;

  const Isa& isa_;
  Threads& threads_;
  std::vector<AlignedBytes> scratch_;  ///< one per thread
};

}  // namespace deskhand::cpu
