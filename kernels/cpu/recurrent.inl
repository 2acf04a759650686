// Loops of the causal convolution and of the gated delta rule, row by row and by chunks.

void conv_row(const ConvRow& job) {
  int64_t i = 0;
  for (; i + lanes <= job.width; i += lanes) {
    Floats sum = zero_floats();
    for (int64_t j = 0; j < job.kernel; ++j) sum = fma(load(job.w + j * job.w_stride + i), load(job.rows[j] + i), sum);
    store(job.y + i, silu(sum));
  }
  if (const int64_t rest = job.width - i; rest > 0) {
    Floats sum = zero_floats();
    for (int64_t j = 0; j < job.kernel; ++j) {
      sum = fma(load_part(job.w + j * job.w_stride + i, rest), load_part(job.rows[j] + i, rest), sum);
    }
    store_part(job.y + i, silu(sum), rest);
  }
}

constexpr int panel_vectors = static_cast<int>(panel_width) / lanes;

/// A row of a panel in registers.
struct PanelRow {
  Floats v[panel_vectors];
};

inline PanelRow zero_row() {
  PanelRow r;
  for (Floats& v : r.v) v = zero_floats();
  return r;
}
inline PanelRow load_row(const float* p) {
  PanelRow r;
  for (int i = 0; i < panel_vectors; ++i) r.v[i] = load(p + i * lanes);
  return r;
}
inline void store_row(float* p, const PanelRow& x) {
  for (int i = 0; i < panel_vectors; ++i) store(p + i * lanes, x.v[i]);
}
/// Outside a panel, where only `columns` floats exist.
inline PanelRow load_columns(const float* p, int64_t columns) {
  if (columns == panel_width) return load_row(p);
  float padded[panel_width] = {};
  __builtin_memcpy(padded, p, static_cast<uint64_t>(columns) * sizeof(float));
  return load_row(padded);
}
inline void store_columns(float* p, const PanelRow& x, int64_t columns) {
  if (columns == panel_width) return store_row(p, x);
  float all[panel_width];
  store_row(all, x);
  __builtin_memcpy(p, all, static_cast<uint64_t>(columns) * sizeof(float));
}
/// factor · x + y
inline PanelRow fma_row(const Floats& factor, const PanelRow& x, const PanelRow& y) {
  PanelRow r;
  for (int i = 0; i < panel_vectors; ++i) r.v[i] = fma(factor, x.v[i], y.v[i]);
  return r;
}
inline PanelRow mul_row(const Floats& factor, const PanelRow& x) {
  PanelRow r;
  for (int i = 0; i < panel_vectors; ++i) r.v[i] = mul(factor, x.v[i]);
  return r;
}
inline PanelRow sub_row(const PanelRow& a, const PanelRow& b) {
  PanelRow r;
  for (int i = 0; i < panel_vectors; ++i) r.v[i] = sub(a.v[i], b.v[i]);
  return r;
}

/// Independent sums that hide the latency of fma.
constexpr int delta_sums = 8 / panel_vectors;

/// Σ_i x[i] · panel[i]
inline PanelRow recall(const float* panel, const float* x, int64_t count) {
  PanelRow sums[delta_sums];
  for (PanelRow& sum : sums) sum = zero_row();
  int64_t i = 0;
  for (; i + delta_sums <= count; i += delta_sums) {
    for (int s = 0; s < delta_sums; ++s) {
      sums[s] = fma_row(broadcast(x[i + s]), load_row(panel + (i + s) * panel_width), sums[s]);
    }
  }
  for (; i < count; ++i) sums[0] = fma_row(broadcast(x[i]), load_row(panel + i * panel_width), sums[0]);
  for (int s = 1; s < delta_sums; ++s) sums[0] = fma_row(broadcast(1.0f), sums[s], sums[0]);
  return sums[0];
}

void delta_steps(const DeltaPanel& job) {
  for (int64_t r = 0; r < job.rows; ++r) {
    const float* k = job.k + r * job.k_stride;
    const float* q = job.q + r * job.q_stride;
    const Floats decay = broadcast(job.decay[r]);
    const PanelRow known = mul_row(decay, recall(job.state, k, job.key_dim));
    const PanelRow change =
        mul_row(broadcast(job.beta[r]), sub_row(load_columns(job.v + r * job.v_stride, job.columns), known));
    PanelRow sums[2] = {zero_row(), zero_row()};
    for (int64_t i = 0; i < job.key_dim; ++i) {
      float* state = job.state + i * panel_width;
      const PanelRow s = fma_row(broadcast(k[i]), change, mul_row(decay, load_row(state)));
      store_row(state, s);
      sums[i & 1] = fma_row(broadcast(q[i]), s, sums[i & 1]);
    }
    store_columns(job.out + r * job.out_stride, fma_row(broadcast(1.0f), sums[1], sums[0]), job.columns);
  }
}
