// Loops of the causal convolution and of the gated delta rule, row by row and by chunks.

/// `taps` is the kernel where it is known beforehand, else 0.
template <int taps>
inline void conv_taps(const ConvRow& job) {
  const int64_t kernel = taps > 0 ? taps : job.kernel;
  int64_t i = 0;
  for (; i + lanes <= job.width; i += lanes) {
    Floats sum = zero_floats();
    for (int64_t j = 0; j < kernel; ++j) sum = fma(load(job.w + j * job.w_stride + i), load(job.rows[j] + i), sum);
    store(job.y + i, silu(sum));
  }
  if (const int64_t rest = job.width - i; rest > 0) {
    Floats sum = zero_floats();
    for (int64_t j = 0; j < kernel; ++j) {
      sum = fma(load_part(job.w + j * job.w_stride + i, rest), load_part(job.rows[j] + i, rest), sum);
    }
    store_part(job.y + i, silu(sum), rest);
  }
}

void conv_row(const ConvRow& job) {
  job.kernel == 4 ? conv_taps<4>(job) : conv_taps<0>(job);
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

/// S[i] ← decay · S[i] + k · change; sum + q · S[i].
inline PanelRow step_row(float* state, const Floats& decay, float k, const PanelRow& change, float q,
                         const PanelRow& sum) {
  const PanelRow s = fma_row(broadcast(k), change, mul_row(decay, load_row(state)));
  store_row(state, s);
  return fma_row(broadcast(q), s, sum);
}

void delta_steps(const DeltaPanel& job) {
  for (int64_t r = 0; r < job.rows; ++r) {
    const float* k = job.k + r * job.k_stride;
    const float* q = job.q + r * job.q_stride;
    const Floats decay = broadcast(job.decay[r]);
    const PanelRow known = mul_row(decay, recall(job.state, k, job.key_dim));
    const PanelRow change =
        mul_row(broadcast(job.beta[r]), sub_row(load_columns(job.v + r * job.v_stride, job.columns), known));
    PanelRow even = zero_row(), odd = zero_row();
    float* state = job.state;
    int64_t i = 0;
    for (; i + 2 <= job.key_dim; i += 2, state += 2 * panel_width) {
      even = step_row(state, decay, k[i], change, q[i], even);
      odd = step_row(state + panel_width, decay, k[i + 1], change, q[i + 1], odd);
    }
    if (i < job.key_dim) even = step_row(state, decay, k[i], change, q[i], even);
    store_columns(job.out + r * job.out_stride, fma_row(broadcast(1.0f), odd, even), job.columns);
  }
}

/// y[r] = Σ_i x[r][i] · panel[i], x[r][i] at x + r · row_step + i · step, i below count (or, for a triangle, up to r).
struct PanelProduct {
  const float* panel;  ///< [count][16]
  const float* x;
  int64_t row_step;
  int64_t step;
  int64_t count;
  float* y;  ///< [rows][16]
};

constexpr int product_rows = 12 / panel_vectors;  ///< that fill the registers with independent sums

/// y = factor · y + product, for `rows` rows.
template <int rows>
void add_product(const PanelProduct& job, float factor) {
  PanelRow sums[rows];
  for (int r = 0; r < rows; ++r) sums[r] = mul_row(broadcast(factor), load_row(job.y + r * panel_width));
  const float* x = job.x;
  for (int64_t i = 0; i < job.count; ++i, x += job.step) {
    const PanelRow row = load_row(job.panel + i * panel_width);
    for (int r = 0; r < rows; ++r) sums[r] = fma_row(broadcast(x[r * job.row_step]), row, sums[r]);
  }
  for (int r = 0; r < rows; ++r) store_row(job.y + r * panel_width, sums[r]);
}

using AddProduct = void (*)(const PanelProduct&, float);

template <int... rows>
struct ProductTable {
  static constexpr AddProduct entries[] = {add_product<rows>...};
};

template <int count, int... rows>
constexpr const AddProduct* product_table() {
  if constexpr (count == 0) {
    return ProductTable<rows...>::entries;
  } else {
    return product_table<count - 1, count, rows...>();
  }
}

/// Of any number of rows, in tiles of nearly equal size; `triangle`: x[r][i] is zero for i > r.
inline void add_products(PanelProduct job, int64_t rows, float factor, bool triangle) {
  const int64_t count = job.count;
  int64_t tiles = (rows + product_rows - 1) / product_rows;
  for (int64_t r = 0; r < rows; --tiles) {
    const int64_t tile = (rows - r + tiles - 1) / tiles;
    job.count = triangle && r + tile < count ? r + tile : count;
    product_table<product_rows>()[tile - 1](job, factor);
    r += tile;
    job.x += tile * job.row_step;
    job.y += tile * panel_width;
  }
}

/// products[i][j] = a[i] · b[j] for j up to i, in steps of 4 columns.
inline void triangle_products(const float* a, int64_t a_stride, const float* b, int64_t b_stride, int64_t rows,
                              int64_t width, float* products) {
  for (int64_t j = 0; j < rows; j += 4) {
    const int64_t columns = rows - j < 4 ? rows - j : 4;
    for (int64_t i = j; i < rows; i += 3) {
      const int64_t count = rows - i < 3 ? rows - i : 3;
      float dots[3 * 4];
      float_rows<load_f32, 4>({reinterpret_cast<const uint8_t*>(b + j * b_stride), b_stride * 4, columns,
                               a + i * a_stride, a_stride, count, width, dots});
      for (int64_t r = 0; r < count; ++r) {
        for (int64_t c = 0; c < columns; ++c) products[(i + r) * delta_chunk + j + c] = dots[4 * r + c];
      }
    }
  }
}

/// What the panels of a chunk share, from its rows' g. Sums of g between two rows are added up row by row: differences
/// of G would cancel where |G| is large, and be positive above the diagonal.
void delta_prepare(const DeltaPanel& rows, DeltaChunk& chunk) {
  const int64_t n = rows.rows;
  float products[delta_chunk * delta_chunk], sums[delta_chunk] = {}, from_start[delta_chunk] = {};
  triangle_products(rows.k, rows.k_stride, rows.k, rows.k_stride, n, rows.key_dim, products);
  triangle_products(rows.q, rows.q_stride, rows.k, rows.k_stride, n, rows.key_dim, chunk.attention);
  for (int64_t i = 0; i < n; ++i) {
    float* attention = chunk.attention + i * delta_chunk;
    float* inverse = chunk.inverse + i * delta_chunk;
    from_start[i] = chunk.g[i] + (i > 0 ? from_start[i - 1] : 0.0f);
    for (int64_t j = 0; j <= i; j += lanes) {
      const Floats sum = add(load(sums + j), broadcast(chunk.g[i]));  // G_i − G_j for j < i
      store(sums + j, sum);
      store(chunk.rest + j, exponential(sum));  // D[i]; after the last row, the rest
      store(inverse + j, zero_floats());
    }
    sums[i] = 0;
    chunk.rest[i] = 1;
    for (int64_t j = 0; j < i; ++j) {  // row i of (I + A)⁻¹ = row i of I − Σ_j A[i][j] · row j of it
      const Floats factor = broadcast(-rows.beta[i] * chunk.rest[j] * products[i * delta_chunk + j]);
      for (int64_t c = 0; c <= j; c += lanes) {
        store(inverse + c, fma(factor, load(chunk.inverse + j * delta_chunk + c), load(inverse + c)));
      }
    }
    inverse[i] = 1;
    for (int64_t j = 0; j <= i; ++j) attention[j] *= chunk.rest[j];
    for (int64_t j = i + 1; j < n; ++j) attention[j] = inverse[j] = 0;
  }
  for (int64_t i = 0; i < n; i += lanes) store(chunk.decay + i, exponential(load(from_start + i)));
}

/// One panel of a chunk: V' = (I + A)⁻¹ β (v − e^G k S); out = e^G q S + (qkᵀ ⊙ D) V'; S ← e^G_last S + (k e^rest)ᵀ V'.
void delta_chunk_panel(const DeltaPanel& job, const DeltaChunk& chunk) {
  const int64_t n = job.rows;
  float known[delta_chunk * panel_width], change[delta_chunk * panel_width] = {}, out[delta_chunk * panel_width];
  for (int64_t i = 0; i < n * panel_width; i += lanes) {
    store(known + i, zero_floats());
    store(out + i, zero_floats());
  }
  add_products({job.state, job.k, job.k_stride, 1, job.key_dim, known}, n, 0, false);
  add_products({job.state, job.q, job.q_stride, 1, job.key_dim, out}, n, 0, false);
  for (int64_t r = 0; r < n; ++r) {
    const Floats decay = broadcast(chunk.decay[r]);
    float* row = known + r * panel_width;
    const PanelRow missing =
        sub_row(load_columns(job.v + r * job.v_stride, job.columns), mul_row(decay, load_row(row)));
    store_row(row, mul_row(broadcast(job.beta[r]), missing));
    store_row(out + r * panel_width, mul_row(decay, load_row(out + r * panel_width)));
  }
  add_products({known, chunk.inverse, delta_chunk, 1, n, change}, n, 0, true);
  add_products({change, chunk.attention, delta_chunk, 1, n, out}, n, 1, true);
  for (int64_t r = 0; r < n; ++r) {
    store_columns(job.out + r * job.out_stride, load_row(out + r * panel_width), job.columns);
    float* row = change + r * panel_width;
    store_row(row, mul_row(broadcast(chunk.rest[r]), load_row(row)));
  }
  add_products({change, job.k, 1, job.k_stride, n, job.state}, job.key_dim, chunk.decay[n - 1], false);
}
