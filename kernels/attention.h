#pragma once
// Shapes of attention: over paged keys and values (decoders), and over the rows of matrices (encoders).
//
//   AttentionShape shape{.kv = {.type = DType::f16, .kv_heads = 2, .head_dim = 64}, .heads = 14, .scale = 0.125f};
//   AttentionRow row{pages, 0, position + 1};            // sees itself and everything before

#include <cstddef>
#include <cstdint>

#include "kernels/dtype.h"

namespace deskhand {

/// Shape of the KV state of one layer. A page holds K and V of `page_tokens` positions; the backend owns its layout.
struct KvLayout {
  DType type = DType::f16;  ///< f32, f16, bf16, or q8_0 where head_dim is a multiple of 32
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t page_tokens = 64;
};

/// What a decoder row sees: keys [begin, end) of the sequence whose pages are given. Causal, window and ragged batches
/// are all this one range. `pages[p]` is the blob of positions [p · page_tokens, (p + 1) · page_tokens).
struct AttentionRow {
  std::byte* const* pages = nullptr;
  int64_t begin = 0;
  int64_t end = 0;
};

/// A stripe of 0 or 1 is a parity that thins the range out by pages: a row of page q sees, of its range, page j iff
/// j = q or (q − j) mod 2 equals the parity. Its page is that of its last key. −1: all of the range.
struct AttentionShape {
  KvLayout kv;
  size_t page_offset = 0;  ///< bytes of this layer's part inside a page blob
  int64_t heads = 0;       ///< query heads; head h uses kv head h / (heads / kv_heads)
  float scale = 1.0f;      ///< of the scores, usually head_dim^-0.5
  int64_t stripe = -1;     ///< −1, 0 or 1

  /// Whether a row that sees up to `end` sees the keys of a page at all.
  bool sees_page(int64_t end, int64_t page) const {
    const int64_t apart = (end - 1) / kv.page_tokens - page;
    return stripe < 0 || apart == 0 || apart % 2 == stripe;
  }
};

/// Attention over rows as they lie, for instance of slices of a fused matrix: q [queries, heads · head_dim],
/// k, v [keys, kv_heads · head_dim].
struct DenseAttentionShape {
  int64_t heads = 0;  ///< query heads; head h uses kv head h / (heads / kv_heads)
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  float scale = 1.0f;
};

/// Queries [query_begin, query_end) see the keys [key_begin, key_end), all of them and no other.
struct DenseSegment {
  int64_t query_begin = 0;
  int64_t query_end = 0;
  int64_t key_begin = 0;
  int64_t key_end = 0;
};

}  // namespace deskhand
