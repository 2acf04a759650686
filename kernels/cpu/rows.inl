// Element-wise loops over a row.

/// e^x, relative error about 1e-7; x is clamped to where the result is a normal number.
inline Floats exponential(const Floats& x) {
  const Floats a = min(max(x, broadcast(-87.0f)), broadcast(88.0f));
  const Floats n = round(mul(a, broadcast(1.44269504f)));
  const Floats r = fma(n, broadcast(2.12194440e-4f), fma(n, broadcast(-0.693359375f), a));  // a − n ln 2, in two parts
  Floats p = broadcast(1.9875691500e-4f);
  p = fma(p, r, broadcast(1.3981999507e-3f));
  p = fma(p, r, broadcast(8.3334519073e-3f));
  p = fma(p, r, broadcast(4.1665795894e-2f));
  p = fma(p, r, broadcast(1.6666665459e-1f));
  p = fma(p, r, broadcast(5.0000001201e-1f));
  p = add(fma(p, mul(r, r), r), broadcast(1.0f));
  return times_power_of_two(p, n);
}

/// x / (1 + e^-s): x · sigmoid(s).
inline Floats gated(const Floats& x, const Floats& s) {
  return div(x, add(broadcast(1.0f), exponential(sub(zero_floats(), s))));
}

inline Floats silu(const Floats& x) {
  return gated(x, x);
}

inline Floats sigmoid(const Floats& x) {
  return gated(broadcast(1.0f), x);
}

/// 0.5 x (1 + tanh(t)) = x · sigmoid(2 t), t = sqrt(2/pi) (x + 0.044715 x³).
inline Floats gelu_tanh(const Floats& x) {
  const Floats cube = mul(mul(x, x), x);
  return gated(x, mul(broadcast(2.0f * 0.7978845608f), fma(cube, broadcast(0.044715f), x)));
}

inline Floats gelu_quick(const Floats& x) {
  return gated(x, mul(broadcast(1.702f), x));
}

/// x Φ(x) = max(x, 0) − |x| Q(|x|), with Q(a) = e^(−a²/2) · t · p(t), t = 1 / (1 + 0.21 a): a polynomial fitted to the
/// upper tail Q of the normal distribution, relative error below 2e-8.
inline Floats gelu_erf(const Floats& x) {
  constexpr float coefficients[] = {-0.0720342162f, 0.2854545326f, -0.3341919622f, 0.3540362493f, -0.0972474846f,
                                    0.1263558981f,  0.0687898480f, 0.0851294353f,  0.0837077013f};
  const Floats a = abs(x);
  const Floats t = div(broadcast(1.0f), fma(a, broadcast(0.21f), broadcast(1.0f)));
  Floats p = zero_floats();
  for (const float c : coefficients) p = fma(p, t, broadcast(c));
  const Floats tail = mul(exponential(mul(mul(a, a), broadcast(-0.5f))), mul(t, p));
  return sub(max(x, zero_floats()), mul(a, tail));
}

template <Floats (*activation)(const Floats&)>
void activate_row(float* x, int64_t width) {
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) store(x + i, activation(load(x + i)));
  if (const int64_t rest = width - i; rest > 0) store_part(x + i, activation(load_part(x + i, rest)), rest);
}

template <Floats (*activation)(const Floats&)>
void gate_row(const float* gate, const float* up, int64_t width, float* y) {
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) store(y + i, mul(activation(load(gate + i)), load(up + i)));
  if (const int64_t rest = width - i; rest > 0) {
    store_part(y + i, mul(activation(load_part(gate + i, rest)), load_part(up + i, rest)), rest);
  }
}

/// cap · tanh(x / cap), tanh(t) = sign(t) (1 − e) / (1 + e) with e = e^(−2 |t|).
inline Floats cap_values(const Floats& x, float cap) {
  const Floats t = div(x, broadcast(cap));
  const Floats e = exponential(mul(broadcast(-2.0f), abs(t)));
  const Floats size = div(sub(broadcast(1.0f), e), add(broadcast(1.0f), e));
  const Floats sign = max(min(mul(t, broadcast(1e30f)), broadcast(1.0f)), broadcast(-1.0f));
  return mul(mul(size, sign), broadcast(cap));
}

void soft_cap(float* x, int64_t width, float cap) {
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) store(x + i, cap_values(load(x + i), cap));
  if (const int64_t rest = width - i; rest > 0) store_part(x + i, cap_values(load_part(x + i, rest), cap), rest);
}

void rms_norm(const float* x, const float* w, int64_t width, float eps, float* y) {
  Floats squares = zero_floats();
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) squares = fma(load(x + i), load(x + i), squares);
  const int64_t rest = width - i;
  if (rest > 0) {
    const Floats last = load_part(x + i, rest);
    squares = fma(last, last, squares);
  }
  const float mean = sum_lanes(squares) / static_cast<float>(width);
  const Floats inverse = broadcast(1.0f / __builtin_sqrtf(mean + eps));
  for (i = 0; i + lanes <= width; i += lanes) store(y + i, mul(mul(load(x + i), inverse), load(w + i)));
  if (rest > 0) store_part(y + i, mul(mul(load_part(x + i, rest), inverse), load_part(w + i, rest)), rest);
}

void layer_norm(const NormRow& job) {
  const int64_t width = job.width;
  Floats total = zero_floats();
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) total = add(total, load(job.x + i));
  const int64_t whole = i, rest = width - i;
  if (rest > 0) total = add(total, load_part(job.x + whole, rest));
  const float mean = sum_lanes(total) / static_cast<float>(width);
  const Floats middle = broadcast(mean);
  Floats squares = zero_floats();
  for (i = 0; i < whole; i += lanes) {
    const Floats apart = sub(load(job.x + i), middle);
    squares = fma(apart, apart, squares);
  }
  float variance = sum_lanes(squares);
  for (; i < width; ++i) variance += (job.x[i] - mean) * (job.x[i] - mean);
  const Floats inverse = broadcast(1.0f / __builtin_sqrtf(variance / static_cast<float>(width) + job.eps));
  for (i = 0; i < whole; i += lanes) {
    store(job.y + i, fma(mul(sub(load(job.x + i), middle), inverse), load(job.w + i), load(job.b + i)));
  }
  if (rest == 0) return;
  const Floats last = mul(sub(load_part(job.x + whole, rest), middle), inverse);
  store_part(job.y + whole, fma(last, load_part(job.w + whole, rest), load_part(job.b + whole, rest)), rest);
}
