#include "kernels/cpu/recurrent.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/host_memory.h"

namespace deskhand::cpu {
namespace {

constexpr int64_t conv_channels = 256;  ///< of a task
constexpr int64_t worth_chunks = 12;    ///< rows of a run from which chunks are faster than steps

int64_t divide_up(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

int64_t head_floats(const DeltaShape& shape) {
  return divide_up(shape.value_dim, panel_width) * panel_width * shape.key_dim;
}

float softplus(float x) {
  return x > 20 ? x : std::log1p(std::exp(x));
}

/// Calls body(run) for every run of the sequence whose first run is `index`; for none when it is not the first.
template <class Body>
void for_sequence(std::span<const RecurrentRun> runs, int64_t index, const Body& body) {
  const auto* const state = runs[index].state;
  for (int64_t i = 0; i < index; ++i) {
    if (runs[i].state == state) return;
  }
  for (const RecurrentRun& run : runs.subspan(static_cast<size_t>(index))) {
    if (run.state == state) body(run);
  }
}

/// Calls body(panel) for all panels of a head, given the first.
template <class Body>
void for_panels(const DeltaShape& shape, DeltaPanel panel, const Body& body) {
  for (int64_t column = 0; column < shape.value_dim; column += panel_width) {
    panel.columns = std::min(panel_width, shape.value_dim - column);
    body(panel);
    panel.state += panel_width * shape.key_dim;
    panel.v += panel_width;
    panel.out += panel_width;
  }
}

int64_t floats_between_rows(ConstView x) {
  return static_cast<int64_t>(x.stride / sizeof(float));
}

}  // namespace

size_t Recurrent::conv_state_bytes(int64_t channels, int64_t kernel) {
  return whole_lines(static_cast<size_t>((kernel - 1) * channels) * sizeof(float));
}

size_t Recurrent::delta_state_bytes(const DeltaShape& shape) {
  return static_cast<size_t>(shape.value_heads * head_floats(shape)) * sizeof(float);
}

void Recurrent::causal_conv(View y, ConstView u, const ConvShape& shape, std::span<const RecurrentRun> runs) {
  check_conv(y, u, shape, runs);
  const int64_t blocks = divide_up(u.cols, conv_channels);
  threads_.run(static_cast<int64_t>(runs.size()) * blocks, [&](int64_t task, int) {
    const int64_t first = task % blocks * conv_channels;
    for_sequence(runs, task / blocks, [&](const RecurrentRun& run) {
      conv_block(y, u, shape, run, first, std::min(conv_channels, u.cols - first));
    });
  });
}

/// From the last row to the first, so that y may be u.
void Recurrent::conv_block(View y, ConstView u, const ConvShape& shape, const RecurrentRun& run, int64_t first,
                           int64_t channels) const {
  const int64_t kernel = shape.kernel, past = kernel - 1;
  const size_t bytes = static_cast<size_t>(channels) * sizeof(float);
  float w[max_conv_kernel * conv_channels], before[max_conv_kernel * conv_channels];
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t j = 0; j < kernel; ++j) w[j * conv_channels + c] = shape.w[(first + c) * kernel + j];
  }
  auto* state = reinterpret_cast<float*>(run.state + shape.state_offset) + first;
  for (int64_t j = 0; j < past; ++j) std::memcpy(before + j * conv_channels, state + j * u.cols, bytes);
  /// Row r of the run; the ones before it have negative numbers.
  const auto row = [&](int64_t r) {
    return r < 0 ? before + (past + r) * conv_channels : u.row(run.first + r) + first;
  };
  for (int64_t j = 0; j < past; ++j) {
    std::memcpy(state + j * u.cols, row(run.rows - past + j), bytes);
    if (!run.saved) continue;
    auto* saved = reinterpret_cast<float*>(run.saved + shape.state_offset) + first;
    std::memcpy(saved + j * u.cols, state + j * u.cols, bytes);
  }
  for (int64_t r = run.rows - 1; r >= 0; --r) {
    const float* taps[max_conv_kernel];
    for (int64_t j = 0; j < kernel; ++j) taps[j] = row(r - past + j);
    isa_.conv_row({taps, w, conv_channels, kernel, channels, y.row(run.first + r) + first});
  }
}

/// One value head of a call.
struct Recurrent::Head {
  View out;
  const DeltaRows& x;
  const DeltaShape& shape;
  int64_t index;

  int64_t key() const { return shape.tiled ? index % shape.key_heads : index / (shape.value_heads / shape.key_heads); }
  float* state(std::byte* blob) const {
    return reinterpret_cast<float*>(blob + shape.state_offset) + index * head_floats(shape);
  }
};

/// What one thread works in: a chunk with its q and k, then g, e^g and β of the rows of a run.
struct Recurrent::Scratch {
  DeltaChunk* chunk;
  float *q, *k;  ///< [delta_chunk, key_dim] without gaps: rows of wide matrices would meet in few sets of the cache
  float *g, *decay, *beta;

  Scratch(std::byte* bytes, int64_t key_dim, int64_t rows)
      : chunk(reinterpret_cast<DeltaChunk*>(bytes)),
        q(reinterpret_cast<float*>(bytes + sizeof(DeltaChunk))),
        k(q + delta_chunk * key_dim),
        g(k + delta_chunk * key_dim),
        decay(g + rows),
        beta(decay + rows) {}
  static size_t bytes(int64_t key_dim, int64_t rows) {
    return sizeof(DeltaChunk) + static_cast<size_t>(2 * delta_chunk * key_dim + 3 * rows) * sizeof(float);
  }
};

void Recurrent::delta_rule(View out, const DeltaRows& x, const DeltaShape& shape, std::span<const RecurrentRun> runs) {
  check_delta(out, x, shape, runs);
  const size_t bytes = Scratch::bytes(shape.key_dim, out.rows);
  for (AlignedBytes& scratch : scratch_) {
    if (scratch.size() < bytes) scratch = AlignedBytes(bytes);
  }
  threads_.run(static_cast<int64_t>(runs.size()) * shape.value_heads, [&](int64_t task, int thread) {
    const Head head{out, x, shape, task % shape.value_heads};
    for_sequence(runs, task / shape.value_heads, [&](const RecurrentRun& run) {
      run_head(head, run, Scratch(scratch_[static_cast<size_t>(thread)].data(), shape.key_dim, run.rows));
    });
  });
}

/// The first panel of a head for all rows of a run.
DeltaPanel Recurrent::first_panel(const Head& head, const RecurrentRun& run, const Scratch& scratch) {
  const DeltaShape& shape = head.shape;
  DeltaPanel panel{};
  panel.state = head.state(run.state);
  panel.q = head.x.q.row(run.first) + head.key() * shape.key_dim;
  panel.k = head.x.k.row(run.first) + head.key() * shape.key_dim;
  panel.v = head.x.v.row(run.first) + head.index * shape.value_dim;
  panel.out = head.out.row(run.first) + head.index * shape.value_dim;
  panel.q_stride = floats_between_rows(head.x.q);
  panel.k_stride = floats_between_rows(head.x.k);
  panel.v_stride = floats_between_rows(head.x.v);
  panel.out_stride = floats_between_rows(head.out);
  panel.rows = run.rows;
  panel.key_dim = shape.key_dim;
  panel.decay = scratch.decay;
  panel.beta = scratch.beta;
  return panel;
}

/// Rows of a run from `row` on, as many as a chunk takes.
void Recurrent::run_chunk(const DeltaShape& shape, const DeltaPanel& first, int64_t row, const Scratch& scratch) const {
  DeltaPanel rows = first;
  rows.rows = std::min(delta_chunk, first.rows - row);
  for (int64_t r = 0; r < rows.rows; ++r) {
    std::copy_n(first.q + (row + r) * first.q_stride, shape.key_dim, scratch.q + r * shape.key_dim);
    std::copy_n(first.k + (row + r) * first.k_stride, shape.key_dim, scratch.k + r * shape.key_dim);
  }
  rows.q = scratch.q;
  rows.k = scratch.k;
  rows.q_stride = rows.k_stride = shape.key_dim;
  rows.v += row * rows.v_stride;
  rows.out += row * rows.out_stride;
  rows.beta += row;
  std::copy_n(scratch.g + row, rows.rows, scratch.chunk->g);
  isa_.delta_prepare(rows, *scratch.chunk);
  for_panels(shape, rows, [&](const DeltaPanel& panel) { isa_.delta_chunk_panel(panel, *scratch.chunk); });
}

void Recurrent::run_head(const Head& head, const RecurrentRun& run, const Scratch& scratch) const {
  const DeltaShape& shape = head.shape;
  for (int64_t r = 0; r < run.rows; ++r) {
    const float a = head.x.a.row(run.first + r)[head.index], b = head.x.b.row(run.first + r)[head.index];
    scratch.g[r] = shape.decay[head.index] * softplus(a + shape.bias[head.index]);
    scratch.decay[r] = std::exp(scratch.g[r]);
    scratch.beta[r] = 1.0f / (1.0f + std::exp(-b));
  }
  const DeltaPanel first = first_panel(head, run, scratch);
  if (run.rows < worth_chunks) {
    for_panels(shape, first, isa_.delta_steps);
  } else {
    for (int64_t r = 0; r < run.rows; r += delta_chunk) run_chunk(shape, first, r, scratch);
  }
  if (run.saved) std::copy_n(head.state(run.state), head_floats(shape), head.state(run.saved));
}

}  // namespace deskhand::cpu
