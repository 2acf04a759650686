#pragma once
// Attention over KV pages on the CPU.
//
//   PagedAttention attention(isa, threads);     attention.run(out, q, shape, rows);
//
// A unit is some neighbouring rows of one sequence: with one kv head, all their query heads read a page's K and V once.
// Keys are taken in segments of whole pages at fixed places; what the segments give is merged in their order. So a
// row's result depends neither on the rows that go with it nor on the threads. Few units with long contexts are shared
// among threads by segments, else by units.

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
  struct Unit {
    int64_t first, count;  ///< rows
    int64_t begin, end;    ///< segments
  };
  struct Partial;
  struct Piece;

  int64_t find_units(const Job& job);
  void reserve(const Job& job);
  void run_unit(const Job& job, const Unit& unit, int64_t kv_head, std::byte* scratch) const;
  void split(const Job& job);
  void run_pieces(const Job& job, std::span<const Piece> pieces);
  void merge_pieces(const Job& job, std::span<const Piece> pieces, int64_t first, int64_t query);
  Partial slot(const Job& job, int64_t index) const;
  AttentionPage start(const Job& job, const Unit& unit, int64_t kv_head, std::byte* scratch) const;
  void attend(const Job& job, const Unit& unit, int64_t kv_head, int64_t segment, AttentionPage& page) const;
  static int64_t find_keys(const Job& job, std::span<const AttentionRow> rows, int64_t page, AttentionPage& to);
  void attend_page(const Job& job, const Unit& unit, int64_t kv_head, const std::byte* blob, int64_t low,
                   AttentionPage page) const;

  const Isa& isa_;
  Threads& threads_;
  std::vector<Unit> units_;            ///< of the present run
  std::vector<AlignedBytes> scratch_;  ///< one per thread
  AlignedBytes partials_;              ///< what segments gave
};

}  // namespace deskhand::cpu
