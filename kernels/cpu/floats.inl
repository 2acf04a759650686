// Products in float32, and conversion of 16-bit floats.

inline Floats load_f32(const uint8_t* p) {
  return load(reinterpret_cast<const float*>(p));
}

/// The first n < lanes values, zeros behind.
inline Floats load_part(const float* p, int64_t n) {
  float padded[lanes] = {};
  __builtin_memcpy(padded, p, static_cast<uint64_t>(n) * sizeof(float));
  return load(padded);
}
inline void store_part(float* p, const Floats& x, int64_t n) {
  float all[lanes];
  store(all, x);
  __builtin_memcpy(p, all, static_cast<uint64_t>(n) * sizeof(float));
}

/// One step of `lanes` columns for 4 rows of w and row_count rows of x.
template <Floats (*load_w)(const uint8_t*), int row_count>
inline void dot_step(const uint8_t* const* w, const float* const* x, Floats (&acc)[row_count][4]) {
  Floats columns[row_count];
  for (int r = 0; r < row_count; ++r) columns[r] = load(x[r]);
  for (int i = 0; i < 4; ++i) {
    const Floats row = load_w(w[i]);
    for (int r = 0; r < row_count; ++r) acc[r][i] = fma(row, columns[r], acc[r][i]);
  }
}

template <Floats (*load_w)(const uint8_t*), int bytes, int row_count>
void dot_rows(const FloatRows& job) {
  Floats acc[row_count][4];
  const uint8_t* w[4];
  const float* x[row_count];
  for (int i = 0; i < 4; ++i) w[i] = job.w + (i < job.w_rows ? i : job.w_rows - 1) * job.w_stride;
  for (int r = 0; r < row_count; ++r) {
    x[r] = job.x + r * job.x_stride;
    for (int i = 0; i < 4; ++i) acc[r][i] = zero_floats();
  }
  int64_t k = 0;
  for (; k + lanes <= job.cols; k += lanes) {
    dot_step<load_w, row_count>(w, x, acc);
    for (int i = 0; i < 4; ++i) w[i] += lanes * bytes;
    for (int r = 0; r < row_count; ++r) x[r] += lanes;
  }
  if (k < job.cols) {  // the last columns, padded with zeros
    uint8_t w_rest[4][lanes * bytes] = {};
    float x_rest[row_count][lanes] = {};
    const auto rest = static_cast<uint64_t>(job.cols - k);
    for (int i = 0; i < 4; ++i) {
      __builtin_memcpy(w_rest[i], w[i], rest * bytes);
      w[i] = w_rest[i];
    }
    for (int r = 0; r < row_count; ++r) {
      __builtin_memcpy(x_rest[r], x[r], rest * sizeof(float));
      x[r] = x_rest[r];
    }
    dot_step<load_w, row_count>(w, x, acc);
  }
  for (int r = 0; r < row_count; ++r) {
    for (int i = 0; i < 4; ++i) job.dots[4 * r + i] = sum_lanes(acc[r][i]);
  }
}

template <Floats (*load_w)(const uint8_t*), int bytes>
void float_rows(const FloatRows& job) {
  constexpr void (*by_rows[3])(const FloatRows&) = {dot_rows<load_w, bytes, 1>, dot_rows<load_w, bytes, 2>,
                                                    dot_rows<load_w, bytes, 3>};
  by_rows[job.x_rows - 1](job);
}

/// `columns`: x is [cols][x_rows] instead of [x_rows][cols].
template <int row_count, bool columns>
void outer_tile(const FloatTile& job) {
  Floats acc[row_count][2];
  for (int i = 0; i < 2 * row_count; ++i) acc[i / 2][i % 2] = load(job.y + lanes * i);
  const float* w = job.panel;
  for (int64_t k = 0; k < job.cols; ++k, w += 2 * lanes) {
    const Floats w0 = load(w), w1 = load(w + lanes);
    for (int r = 0; r < row_count; ++r) {
      const Floats one = broadcast(columns ? job.x[k * job.x_stride + r] : job.x[r * job.x_stride + k]);
      acc[r][0] = fma(w0, one, acc[r][0]);
      acc[r][1] = fma(w1, one, acc[r][1]);
    }
  }
  for (int i = 0; i < 2 * row_count; ++i) store(job.y + lanes * i, acc[i / 2][i % 2]);
}

/// As outer_tile for any number of rows, in tiles of about equal size.
template <bool columns>
void float_tiles(FloatTile job) {
  constexpr void (*by_rows[6])(const FloatTile&) = {outer_tile<1, columns>, outer_tile<2, columns>,
                                                    outer_tile<3, columns>, outer_tile<4, columns>,
                                                    outer_tile<5, columns>, outer_tile<6, columns>};
  for (int64_t rest = job.x_rows; rest > 0; rest -= job.x_rows) {
    job.x_rows = rest <= 6 ? rest : rest < 12 ? (rest + 1) / 2 : 6;
    by_rows[job.x_rows - 1](job);
    job.x += job.x_rows * (columns ? 1 : job.x_stride);
    job.y += job.x_rows * 2 * lanes;
  }
}

void float_tile(const FloatTile& job) {
  float_tiles<false>(job);
}

template <Floats (*load_w)(const uint8_t*), int bytes>
void convert(const uint8_t* in, int64_t count, float* out) {
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) store(out + i, load_w(in + i * bytes));
  if (i < count) {
    uint8_t rest[lanes * bytes] = {};
    __builtin_memcpy(rest, in + i * bytes, static_cast<uint64_t>((count - i) * bytes));
    store_part(out + i, load_w(rest), count - i);
  }
}

/// Blocks of Q8_0: f16 d, then 32 signed bytes.
void convert_q8(const uint8_t* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i += 32, in += 34, out += 32) {
    const Floats d = broadcast_f16(in);
    for (int k = 0; k < 32; k += lanes) store(out + k, mul(load_i8(in + 2 + k), d));
  }
}
