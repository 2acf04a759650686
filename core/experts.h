#pragma once
// A feed-forward network of experts: each row uses the few that a router chooses, and one that all rows share.
//
//   Experts experts(context);
//   Experts::Layer layer = experts.load(context, 3);
//   experts(layer, x, h);                                // h += experts(x)
//
// Source: transformers 5.23, models/qwen3_5_moe.

#include <cstdint>
#include <vector>

#include "core/blocks.h"

namespace deskhand {

class Experts {
 public:
  struct Layer {
    const Weight* router;                                 // [experts, width]
    const Weight *gate_up, *gate, *up;                    // [experts · 2F, width], or two of [experts · F, width]
    const Weight* down;                                   // [experts · width, F]
    const Weight *shared_gate, *shared_up, *shared_down;  // the network of all rows
    const Weight* shared_router;                          // [1, width]
  };

  explicit Experts(const LoadContext& context);
  Layer load(const LoadContext& context, int64_t layer) const;
  /// h += Σ_e weight_e · expert_e(x) + σ(x·s) · shared(x)
  void operator()(const Layer& layer, ConstView x, View h);

 private:
  /// Chooses experts for the rows of x and lists what they compute, expert by expert.
  void choose(const Layer& layer, ConstView x);
  void add_shared(const Layer& layer, ConstView x, View h);

  Backend& backend_;
  ExpertConfig config_;
  int64_t width_;
  std::vector<int32_t> chosen_, expert_, row_, first_;  // [rows · used] in order of rows; by expert; first of each
  std::vector<float> weight_, row_weight_;              // [rows · used] as above
  Matrix scores_, x_, inner_, y_, shared_gate_, shared_up_, shared_y_, shared_score_;
};

}  // namespace deskhand
