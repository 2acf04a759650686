#pragma once
// The job of the inner loop of attention without pages: part of isa.h, so <cstdint> alone.

#include <cstdint>

namespace deskhand::cpu {

/// 2 · lanes queries against a block of keys, a lane being a query: K and V are read one value at a time, as they lie.
struct DenseBlock {
  const float* q;  ///< [head_dim][2 · lanes], scaled
  const float* k;  ///< [keys][head_dim]
  const float* v;  ///< [keys][head_dim]
  int64_t keys;
  int64_t head_dim;
  float* scores;   ///< room for [keys][2 · lanes]
  float* acc;      ///< [head_dim][2 · lanes], with largest and sum the online softmax
  float* largest;  ///< [2 · lanes]
  float* sum;      ///< [2 · lanes]
};

}  // namespace deskhand::cpu
