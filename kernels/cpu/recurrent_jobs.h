#pragma once
// What the inner loops of the ops with a state work on. Includes <cstdint> only, like isa.h.
//
//   isa.delta_steps({.state = panel, .q = q, …});      // the rows one after another
//
// S [key_dim, value_dim] of a head lies in panels of 16 value columns, each [key_dim][16]; the last one is padded with
// zeros. A panel stays in the first-level cache and depends on no other.

#include <cstdint>

namespace deskhand::cpu {

inline constexpr int64_t panel_width = 16;
inline constexpr int64_t delta_chunk = 16;  ///< most rows of a chunk: a multiple of all lanes

/// y[i] = silu(Σ_j w[j][i] · rows[j][i]).
struct ConvRow {
  const float* const* rows;  ///< [kernel]
  const float* w;            ///< [kernel][w_stride]
  int64_t w_stride;
  int64_t kernel;
  int64_t width;
  float* y;
};

/// Rows of one value head, and one panel of its state. Strides in floats.
struct DeltaPanel {
  float* state;  ///< [key_dim][16]
  const float* q;
  const float* k;
  const float* v;  ///< at the panel's first column
  float* out;      ///< likewise; may be v
  int64_t q_stride;
  int64_t k_stride;
  int64_t v_stride;
  int64_t out_stride;
  int64_t rows;
  int64_t key_dim;
  int64_t columns;     ///< of the panel that exist: 1…16
  const float* decay;  ///< [rows] e^g; not used by chunks
  const float* beta;   ///< [rows]
};

/// What the panels of a chunk share: rows of `delta_chunk` floats.
struct DeltaChunk {
  float g[delta_chunk];                        ///< set by the caller
  float decay[delta_chunk];                    ///< e^G, G: Σ g up to the row, the row included
  float rest[delta_chunk];                     ///< e^(G_last − G)
  float inverse[delta_chunk * delta_chunk];    ///< (I + A)⁻¹, A = strictly lower part of (β k)kᵀ ⊙ D
  float attention[delta_chunk * delta_chunk];  ///< qkᵀ ⊙ D, lower part
};

}  // namespace deskhand::cpu
