#pragma once
// What decoders are built from: matrices allocated once, the embedding, rotary tables, attention over a layer's pages,
// the output head.
//
//   Matrix q(backend, max_rows, 896);
//   View rows = q.first(batch.rows());
//
// A family writes its equations with these and the ops of the backend.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/batch.h"
#include "core/decoder.h"
#include "kernels/backend.h"

namespace deskhand {

/// An f32 matrix of a fixed width with room for the largest batch.
class Matrix {
 public:
  Matrix(Backend& backend, int64_t max_rows, int64_t cols);
  /// The first rows.
  View first(int64_t rows) const;

 private:
  std::unique_ptr<Buffer> buffer_;
  int64_t max_rows_, cols_;
};

/// Rotary embedding of queries and keys by the positions of a batch.
class Rotation {
 public:
  /// That of layers without a window; takes the divisors that the file holds.
  explicit Rotation(const LoadContext& context);
  /// That of layers with a window.
  static Rotation of_windows(const ModelConfig& config);
  /// Turns the heads of the rows in place; x: [rows, heads · head_dim].
  void operator()(Backend& backend, const Batch& batch, View x, int64_t head_dim) const;

 private:
  Rotation(const RopeConfig& rope, std::vector<float> frequencies, float amplitude);

  std::vector<float> frequencies_;
  std::vector<int32_t> axis_;
  float amplitude_;
  RopePairing pairing_;
};

/// h = scale · E[ids], and what an encoder made of pictures in their rows.
class Embedding {
 public:
  explicit Embedding(const LoadContext& context);
  void operator()(const Batch& batch, View h, float scale = 1.0f) const;
  /// Adds to the rows of pictures what their encoder has for them behind a layer.
  void add_behind(int64_t layer, const Batch& batch, View h) const;

 private:
  Backend& backend_;
  const Weight& table_;            // [embeddings, width]
  std::vector<int32_t> counting_;  // 0, 1, 2, …
};

/// What the layers of a model keep of the past. Throws ModelFileError when the heads do not fit the type's blocks.
KvPlan kv_plan(const ModelConfig& config, DType type, const Backend& backend);

/// "blk.3.attn_q.weight"
std::string layer_tensor(int64_t layer, std::string_view name);

/// Attention of all layers over paged keys and values; knows where each layer's part of a page lies.
class PagedAttention {
 public:
  struct Heads {
    ConstView q;  ///< [rows, heads · head_dim]
    ConstView k;  ///< [rows, kv_heads · head_dim]; none: the layer uses what another has remembered
    ConstView v;  ///< as k
  };

  explicit PagedAttention(const LoadContext& context);
  const KvPlan& plan() const { return plan_; }
  /// Remembers k and v of the rows, then out[r] = softmax(scale · q[r] · Kᵀ) · V over what row r sees.
  void operator()(int64_t layer, const Batch& batch, const Heads& heads, View out) const;

 private:
  Backend& backend_;
  KvPlan plan_;
  int64_t heads_;
  float scale_;
  std::vector<int64_t> stripes_;  // per layer or none
};

/// logits = W · rms(h), capped where the model says so, for the rows that want them.
class OutputHead {
 public:
  /// Takes output_norm and output, or the embedding where they are tied.
  explicit OutputHead(const LoadContext& context);
  void operator()(const Batch& batch, ConstView h, View logits) const;

 private:
  Backend& backend_;
  std::span<const float> norm_;
  const Weight& weight_;
  float eps_, softcap_;
  Matrix rows_;
};

}  // namespace deskhand
