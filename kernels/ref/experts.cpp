#include "kernels/ref/experts.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/host_memory.h"

namespace deskhand::ref {

void top_k(std::span<int32_t> ids, std::span<float> weights, ConstView logits, int64_t k, bool renormalise) {
  check_top_k(ids, weights, logits, k);
  for (int64_t r = 0; r < logits.rows; ++r) {
    const float* x = logits.row(r);
    std::vector<int32_t> order(static_cast<size_t>(logits.cols));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [x](int32_t a, int32_t b) { return x[a] > x[b]; });
    double sum = 0;
    for (size_t i = 0; i < (renormalise ? static_cast<size_t>(k) : order.size()); ++i) {
      sum += std::exp(static_cast<double>(x[order[i]]) - x[order[0]]);
    }
    for (int64_t i = 0; i < k; ++i) {
      ids[r * k + i] = order[i];
      weights[r * k + i] = static_cast<float>(std::exp(static_cast<double>(x[order[i]]) - x[order[0]]) / sum);
    }
  }
}

void scatter_add(View y, ConstView x, std::span<const int32_t> rows, std::span<const float> weights) {
  check_scatter(y, x, rows, weights);
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t i = 0; i < x.cols; ++i) y.row(rows[r])[i] += weights[r] * x.row(r)[i];
  }
}

}  // namespace deskhand::ref
