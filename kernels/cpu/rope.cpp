#include "kernels/cpu/rope.h"

#include <algorithm>
#include <cmath>

namespace deskhand::cpu {
namespace {

constexpr int64_t chunk = 64;  ///< pairs whose angles are kept at a time

struct Turn {
  float cosine[chunk];
  float sine[chunk];
};

/// Pairs (a[i], b[i]), `step` values apart.
void turn_pairs(float* a, float* b, int64_t step, const Turn& turn, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float first = a[i * step], second = b[i * step];
    a[i * step] = first * turn.cosine[i] - second * turn.sine[i];
    b[i * step] = second * turn.cosine[i] + first * turn.sine[i];
  }
}

}  // namespace

void rope_rows(View x, int64_t head_dim, const RopeTable& table, std::span<const int32_t> positions, int64_t first,
               int64_t count) {
  const auto pairs = static_cast<int64_t>(table.inv_freq.size());
  for (int64_t r = first; r < first + count; ++r) {
    for (int64_t i = 0; i < pairs; i += chunk) {
      const int64_t n = std::min(chunk, pairs - i);
      Turn turn;
      for (int64_t j = 0; j < n; ++j) {
        const int64_t axis = table.axis.empty() ? 0 : table.axis[i + j];
        const float angle = static_cast<float>(positions[r * table.axes + axis]) * table.inv_freq[i + j];
        turn.cosine[j] = std::cos(angle) * table.scale;
        turn.sine[j] = std::sin(angle) * table.scale;
      }
      for (int64_t head = 0; head < x.cols; head += head_dim) {
        float* values = x.row(r) + head;
        if (table.pairing == RopePairing::adjacent) {
          turn_pairs(values + 2 * i, values + 2 * i + 1, 2, turn, n);
        } else {
          turn_pairs(values + i, values + i + pairs, 1, turn, n);
        }
      }
    }
  }
}

}  // namespace deskhand::cpu
