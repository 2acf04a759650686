#pragma once
// Layout of one layer's part of a KV page, for the host backends: K of every kv head, then V of every kv head; within a
// head the positions follow one another, each head_dim values of layout.type.
//
//   KvPage page{layout};     std::byte* k = blob + shape.page_offset + page.key(head, token);

#include "kernels/backend.h"

namespace deskhand {

struct KvPage {
  KvLayout layout;

  size_t row() const { return row_bytes(layout.type, layout.head_dim); }
  /// Offset of K of a head at a position of the page.
  size_t key(int64_t head, int64_t token) const {
    return static_cast<size_t>(head * layout.page_tokens + token) * row();
  }
  size_t value(int64_t head, int64_t token) const { return key(layout.kv_heads, 0) + key(head, token); }
  size_t bytes() const { return 2 * key(layout.kv_heads, 0); }
};

}  // namespace deskhand
