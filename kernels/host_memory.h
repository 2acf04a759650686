#pragma once
// What the host backends share: buffers, weights that keep a file's own bytes, and the checks of op arguments.
//
//   auto buffer = std::make_unique<HostBuffer>(bytes);      check_matmul(terms, x);

#include <memory>
#include <span>

#include "kernels/aligned.h"
#include "kernels/backend.h"
#include "kernels/formats/format.h"

namespace deskhand {

class HostBuffer final : public Buffer {
 public:
  explicit HostBuffer(size_t bytes) : bytes_(bytes) {}
  std::byte* data() override { return bytes_.data(); }
  size_t size() const override { return bytes_.size(); }

 private:
  AlignedBytes bytes_;
};

/// A weight in the file's own layout; borrows the bytes that `owner` keeps alive.
class BorrowedWeight : public Weight {
 public:
  BorrowedWeight(ConstView view, std::shared_ptr<const void> owner) : view_(view), owner_(std::move(owner)) {}
  DType type() const override { return view_.type; }
  int64_t rows() const override { return view_.rows; }
  int64_t cols() const override { return view_.cols; }
  size_t bytes() const override { return static_cast<size_t>(view_.rows) * row_bytes(view_.type, view_.cols); }
  ConstView view() const { return view_; }

 private:
  ConstView view_;
  std::shared_ptr<const void> owner_;
};

/// CHECKs that shapes and types of the arguments fit.
void check_weight(ConstView weight);
void check_matmul(std::span<const MatmulTerm> terms, ConstView x);
void check_embed(View y, const Weight& table, std::span<const int32_t> ids);
void check_rms_norm(View y, ConstView x, std::span<const float> w);
void check_layer_norm(View y, ConstView x, std::span<const float> w, std::span<const float> b);
void check_rope(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions);
void check_same_shape(ConstView y, ConstView x);
void check_clamp(View x, float low, float high);
void check_gather(View y, ConstView x, std::span<const int32_t> rows);
void check_attention(const AttentionShape& shape, std::span<const AttentionRow> rows);
void check_kv_write(const AttentionShape& shape, std::span<const AttentionRow> rows, ConstView k, ConstView v);
void check_attention_views(View out, ConstView q, const AttentionShape& shape, std::span<const AttentionRow> rows);
void check_attention_dense(View out, ConstView q, ConstView k, ConstView v, const DenseAttentionShape& shape,
                           std::span<const DenseSegment> segments);
void check_matmul_experts(View y, const Weight& w, int64_t experts, ConstView x,
                          std::span<const int32_t> expert_of_row);
void check_top_k(std::span<int32_t> ids, std::span<float> weights, ConstView logits, int64_t k);
void check_scatter(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights);
void check_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs);
void check_delta(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs);

}  // namespace deskhand
