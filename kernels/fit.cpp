#include "kernels/fit.h"

#include <algorithm>
#include <cmath>

#include "kernels/half.h"

namespace deskhand {
namespace {

/// x ≈ scale · q − min over one run, with what is lost.
struct Line {
  float scale = 0, min = 0, loss = 0;
};

template <int n>
using Run = std::array<float, n>;

template <int n>
Run<n> importance(const float* x) {
  float squares = 0;
  for (int i = 0; i < n; ++i) squares += x[i] * x[i];
  const float rms = std::sqrt(squares / n);
  Run<n> w;
  for (int i = 0; i < n; ++i) w[i] = rms + std::abs(x[i]);
  return w;
}

/// The code nearest to x, as a number.
inline float code_of(float x, float offset, float inverse, float low, float high) {
  return std::clamp(std::floor((x + offset) * inverse + 0.5f), low, high);
}

/// The line through codes 0…top that `inverse` gives, solved for scale and min ≥ 0.
template <int n>
Line solve_line(const float* x, const Run<n>& w, float lowest, float inverse, float top) {
  Run<n> q;
  float sum_w = 0, sum_q = 0, sum_qq = 0, sum_x = 0, sum_qx = 0;
  for (int i = 0; i < n; ++i) {
    q[i] = code_of(x[i], -lowest, inverse, 0, top);
    sum_w += w[i];
    sum_q += w[i] * q[i];
    sum_qq += w[i] * q[i] * q[i];
    sum_x += w[i] * x[i];
    sum_qx += w[i] * q[i] * x[i];
  }
  Line line;
  const float determinant = sum_w * sum_qq - sum_q * sum_q;
  if (determinant > 0) {
    line.scale = (sum_w * sum_qx - sum_x * sum_q) / determinant;
    line.min = (sum_q * sum_qx - sum_qq * sum_x) / determinant;
  }
  if (line.min <= 0 || determinant <= 0) {
    line.min = 0;
    line.scale = sum_qq > 0 ? sum_qx / sum_qq : 0;
  }
  for (int i = 0; i < n; ++i) {
    const float lost = x[i] - (line.scale * q[i] - line.min);
    line.loss += w[i] * lost * lost;
  }
  return line;
}

template <int n>
Line fit_line(const float* x, const Run<n>& w, float top) {
  const float lowest = std::min(0.0f, *std::min_element(x, x + n));
  const float highest = std::max(0.0f, *std::max_element(x, x + n));
  if (!(highest > lowest)) return {};
  Line best{.loss = INFINITY};
  for (float extra = -1.5f; extra <= 1.0f; extra += 0.125f) {
    const Line line = solve_line<n>(x, w, lowest, (top + extra) / (highest - lowest), top);
    if (line.scale >= 0 && line.loss < best.loss) best = line;
  }
  return std::isfinite(best.loss) ? best : Line{.min = -lowest};
}

/// What is lost with this scale and minimum and the best codes.
template <int n>
float loss_of(const float* x, const Run<n>& w, float scale, float min, float low, float high) {
  const float inverse = scale != 0 ? 1 / scale : 0;
  float loss = 0;
  for (int i = 0; i < n; ++i) {
    const float lost = x[i] - (scale * code_of(x[i], min, inverse, low, high) - min);
    loss += w[i] * lost * lost;
  }
  return loss;
}

uint8_t whole(float x, float most) {
  return static_cast<uint8_t>(std::clamp(std::floor(x + 0.5f), 0.0f, most));
}

/// The stored scale and minimum near the given ones that lose least.
void settle_line(const float* x, const Run<32>& w, float d, float dmin, float top, uint8_t& scale, uint8_t& min) {
  const int scale_before = scale, min_before = min;
  float least = INFINITY;
  for (int s = std::max(0, scale_before - 1); s <= std::min(63, scale_before + 1); ++s) {
    for (int m = std::max(0, min_before - 1); m <= std::min(63, min_before + 1); ++m) {
      const float loss = loss_of<32>(x, w, d * static_cast<float>(s), dmin * static_cast<float>(m), 0, top);
      if (loss >= least) continue;
      least = loss;
      scale = static_cast<uint8_t>(s);
      min = static_cast<uint8_t>(m);
    }
  }
}

/// The scale of one run for codes −32…31.
float fit_scale(const float* x, const Run<16>& w) {
  const float extreme = *std::max_element(x, x + 16, [](float a, float b) { return std::abs(a) < std::abs(b); });
  float best = 0, least = INFINITY;
  if (extreme == 0) return 0;
  for (float steps = 30.5f; steps <= 33.0f; steps += 0.125f) {
    const float inverse = -steps / extreme;  // the extreme becomes the code −32, of which there is one more
    float sum_qq = 0, sum_qx = 0;
    for (int i = 0; i < 16; ++i) {
      const float q = code_of(x[i], 0, inverse, -32, 31);
      sum_qq += w[i] * q * q;
      sum_qx += w[i] * q * x[i];
    }
    const float scale = sum_qq > 0 ? sum_qx / sum_qq : 0;
    const float loss = loss_of<16>(x, w, scale, 0, -32, 31);
    if (loss >= least) continue;
    least = loss;
    best = scale;
  }
  return best;
}

}  // namespace

SuperBlock fit_super_block(const float* x, int top) {
  const auto highest = static_cast<float>(top);
  std::array<Line, 8> lines;
  std::array<Run<32>, 8> w;
  float largest_scale = 0, largest_min = 0;
  for (size_t k = 0; k < 8; ++k) {
    w[k] = importance<32>(x + 32 * k);
    lines[k] = fit_line<32>(x + 32 * k, w[k], highest);
    largest_scale = std::max(largest_scale, lines[k].scale);
    largest_min = std::max(largest_min, lines[k].min);
  }
  SuperBlock out;
  out.d = f32_to_f16(largest_scale / 63);
  out.dmin = f32_to_f16(largest_min / 63);
  const float d = f16_to_f32(out.d), dmin = f16_to_f32(out.dmin);
  for (size_t k = 0; k < 8; ++k) {
    out.scales[k] = d > 0 ? whole(lines[k].scale / d, 63) : 0;
    out.mins[k] = dmin > 0 ? whole(lines[k].min / dmin, 63) : 0;
    settle_line(x + 32 * k, w[k], d, dmin, highest, out.scales[k], out.mins[k]);
    const float scale = d * out.scales[k], min = dmin * out.mins[k];
    const float inverse = scale > 0 ? 1 / scale : 0;
    for (size_t i = 32 * k; i < 32 * k + 32; ++i) {
      out.codes[i] = static_cast<uint8_t>(code_of(x[i], min, inverse, 0, highest));
    }
  }
  return out;
}

SignedBlock fit_signed_block(const float* x) {
  std::array<float, 16> scales;
  std::array<Run<16>, 16> w;
  float extreme = 0;
  for (size_t k = 0; k < 16; ++k) {
    w[k] = importance<16>(x + 16 * k);
    scales[k] = fit_scale(x + 16 * k, w[k]);
    if (std::abs(scales[k]) > std::abs(extreme)) extreme = scales[k];
  }
  SignedBlock out;
  out.d = f32_to_f16(extreme / -128);  // the extreme scale is stored as −128
  const float d = f16_to_f32(out.d);
  for (size_t k = 0; k < 16; ++k) {
    const float near = d != 0 ? std::clamp(std::floor(scales[k] / d + 0.5f), -128.0f, 127.0f) : 0;
    float chosen = near, least = INFINITY;
    for (float s = std::max(-128.0f, near - 1); s <= std::min(127.0f, near + 1); ++s) {
      const float loss = loss_of<16>(x + 16 * k, w[k], d * s, 0, -32, 31);
      if (loss >= least) continue;
      least = loss;
      chosen = s;
    }
    out.scales[k] = static_cast<int8_t>(chosen);
    const float scale = d * chosen, inverse = scale != 0 ? 1 / scale : 0;
    for (size_t i = 16 * k; i < 16 * k + 16; ++i) {
      out.codes[i] = static_cast<int8_t>(code_of(x[i], 0, inverse, -32, 31));
    }
  }
  return out;
}

}  // namespace deskhand
