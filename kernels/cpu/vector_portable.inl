// The vector type in plain C++, for `lanes` lanes: what every instruction set's functions mean. It runs anywhere, so
// that tests execute the wide algorithms on any machine.
struct Floats {
  float v[lanes];
};
struct Ints {
  int32_t v[lanes];
};
struct Bytes {  // 4 bytes a lane
  uint8_t v[4 * lanes];
};
struct Sums {  // 2 sums a lane, 16 bits each
  int16_t v[2 * lanes];
};

template <class Function>
inline Floats each_lane(Function function) {
  Floats r;
  for (int i = 0; i < lanes; ++i) r.v[i] = function(i);
  return r;
}
template <class Function>
inline Bytes each_byte(Function function) {
  Bytes r;
  for (int i = 0; i < 4 * lanes; ++i) r.v[i] = static_cast<uint8_t>(function(i));
  return r;
}

inline Floats broadcast(float x) {
  return each_lane([&](int) { return x; });
}
inline Floats zero_floats() {
  return broadcast(0.0f);
}
inline Floats load(const float* p) {
  return each_lane([&](int i) { return p[i]; });
}
inline void store(float* p, const Floats& x) {
  __builtin_memcpy(p, x.v, sizeof x.v);
}
inline Floats add(const Floats& a, const Floats& b) {
  return each_lane([&](int i) { return a.v[i] + b.v[i]; });
}
inline Floats sub(const Floats& a, const Floats& b) {
  return each_lane([&](int i) { return a.v[i] - b.v[i]; });
}
inline Floats mul(const Floats& a, const Floats& b) {
  return each_lane([&](int i) { return a.v[i] * b.v[i]; });
}
inline Floats div(const Floats& a, const Floats& b) {
  return each_lane([&](int i) { return a.v[i] / b.v[i]; });
}
inline Floats max(const Floats& a, const Floats& b) {
  return each_lane([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
}
inline Floats min(const Floats& a, const Floats& b) {
  return each_lane([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
}
/// a · b + c, rounded once or twice.
inline Floats fma(const Floats& a, const Floats& b, const Floats& c) {
  return each_lane([&](int i) { return a.v[i] * b.v[i] + c.v[i]; });
}
inline Floats abs(const Floats& a) {
  return each_lane([&](int i) { return a.v[i] < 0 ? -a.v[i] : a.v[i]; });
}
/// To the nearest integer, ties to even, for |a| < 2^22 (adding 1.5 · 2^23 leaves no fraction).
inline Floats round(const Floats& a) {
  return each_lane([&](int i) { return (a.v[i] + 12582912.0f) - 12582912.0f; });
}
/// a · 2^n, n an integer that leaves a normal number.
inline Floats times_power_of_two(const Floats& a, const Floats& n) {
  return each_lane([&](int i) {
    uint32_t bits;
    __builtin_memcpy(&bits, &a.v[i], 4);
    bits += static_cast<uint32_t>(static_cast<int32_t>(n.v[i])) << 23;
    float r;
    __builtin_memcpy(&r, &bits, 4);
    return r;
  });
}
inline float sum_lanes(const Floats& a) {
  float s = 0;
  for (int i = 0; i < lanes; ++i) s += a.v[i];
  return s;
}
inline float max_lanes(const Floats& a) {
  float m = a.v[0];
  for (int i = 1; i < lanes; ++i) m = m < a.v[i] ? a.v[i] : m;
  return m;
}
inline float half_at(const uint8_t* p) {
  const uint32_t h = p[0] | static_cast<uint32_t>(p[1]) << 8;
  const uint32_t sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31u, mantissa = h & 0x3ffu;
  const float tiny = static_cast<float>(mantissa) * 0x1p-24f;
  uint32_t bits = exponent == 31 ? 0x7f800000u | mantissa << 13 : (exponent + 112) << 23 | mantissa << 13;
  if (exponent == 0) __builtin_memcpy(&bits, &tiny, 4);
  bits |= sign;
  float r;
  __builtin_memcpy(&r, &bits, 4);
  return r;
}
inline Floats load_f16(const uint8_t* p) {
  return each_lane([&](int i) { return half_at(p + 2 * i); });
}
inline Floats broadcast_f16(const uint8_t* p) {
  return broadcast(half_at(p));
}
inline Floats load_bf16(const uint8_t* p) {
  return each_lane([&](int i) {
    const uint32_t bits = static_cast<uint32_t>(p[2 * i]) << 16 | static_cast<uint32_t>(p[2 * i + 1]) << 24;
    float r;
    __builtin_memcpy(&r, &bits, 4);
    return r;
  });
}
inline Floats load_u8(const uint8_t* p) {
  return each_lane([&](int i) { return static_cast<float>(p[i]); });
}
inline Floats load_i8(const uint8_t* p) {
  return each_lane([&](int i) { return static_cast<float>(static_cast<int8_t>(p[i])); });
}
/// Rounded to the nearest integer, within ±127.
inline void store_i8(int8_t* p, const Floats& x) {
  const Floats r = round(x);
  for (int i = 0; i < lanes; ++i) p[i] = static_cast<int8_t>(r.v[i] > -128.0f && r.v[i] < 128.0f ? r.v[i] : -128.0f);
}

inline Bytes load_bytes(const uint8_t* p) {
  Bytes r;
  __builtin_memcpy(r.v, p, sizeof r.v);
  return r;
}
inline void store_bytes(uint8_t* p, const Bytes& x) {
  __builtin_memcpy(p, x.v, sizeof x.v);
}
/// The same 4 bytes in every lane.
inline Bytes broadcast_4(const int8_t* p) {
  return each_byte([&](int i) { return p[i & 3]; });
}
inline Bytes bit_and(const Bytes& a, int mask) {
  return each_byte([&](int i) { return a.v[i] & mask; });
}
inline Bytes bit_or(const Bytes& a, const Bytes& b) {
  return each_byte([&](int i) { return a.v[i] | b.v[i]; });
}
/// Shifts move bits of neighbouring bytes in; callers mask them away.
template <int n>
inline Bytes shift_right(const Bytes& a) {
  return each_byte([&](int i) { return a.v[i] >> n; });
}
template <int n>
inline Bytes shift_left(const Bytes& a) {
  return each_byte([&](int i) { return a.v[i] << n; });
}
/// table[index] of 16 bytes, index below 16.
inline Bytes look_up(const int8_t* table, const Bytes& index) {
  return each_byte([&](int i) { return table[index.v[i] & 15]; });
}

inline Sums zero_sums() {
  return Sums{};
}
inline Ints zero_ints() {
  return Ints{};
}
/// Adds products of unsigned codes and signed x. The caller keeps each 16-bit sum within its range.
inline Sums dot(const Sums& sums, const Bytes& codes, const Bytes& x) {
  Sums r;
  for (int i = 0; i < 2 * lanes; ++i) {
    r.v[i] = static_cast<int16_t>(sums.v[i] + codes.v[2 * i] * static_cast<int8_t>(x.v[2 * i]) +
                                  codes.v[2 * i + 1] * static_cast<int8_t>(x.v[2 * i + 1]));
  }
  return r;
}
inline Ints widen_add(const Ints& ints, const Sums& sums) {
  Ints r;
  for (int i = 0; i < lanes; ++i) r.v[i] = ints.v[i] + sums.v[2 * i] + sums.v[2 * i + 1];
  return r;
}
/// Signed codes of all 8 bits.
inline Ints dot_signed(const Ints& ints, const Bytes& codes, const Bytes& x) {
  Ints r = ints;
  for (int i = 0; i < 4 * lanes; ++i) {
    r.v[i / 4] += static_cast<int8_t>(codes.v[i]) * static_cast<int8_t>(x.v[i]);
  }
  return r;
}
inline Floats to_floats(const Ints& a) {
  return each_lane([&](int i) { return static_cast<float>(a.v[i]); });
}
