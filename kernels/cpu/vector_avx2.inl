// AVX2, FMA and F16C: 8 lanes. See vector_portable.inl for what each function means.
constexpr int lanes = 8;
using Floats = __m256;
using Bytes = __m256i;
using Ints = __m256i;
using Sums = __m256i;  // 16 lanes of i16

inline Floats zero_floats() {
  return _mm256_setzero_ps();
}
inline Floats broadcast(float x) {
  return _mm256_set1_ps(x);
}
inline Floats load(const float* p) {
  return _mm256_loadu_ps(p);
}
inline void store(float* p, Floats x) {
  _mm256_storeu_ps(p, x);
}
inline Floats add(Floats a, Floats b) {
  return _mm256_add_ps(a, b);
}
inline Floats sub(Floats a, Floats b) {
  return _mm256_sub_ps(a, b);
}
inline Floats mul(Floats a, Floats b) {
  return _mm256_mul_ps(a, b);
}
inline Floats div(Floats a, Floats b) {
  return _mm256_div_ps(a, b);
}
inline Floats max(Floats a, Floats b) {
  return _mm256_max_ps(a, b);
}
inline Floats min(Floats a, Floats b) {
  return _mm256_min_ps(a, b);
}
inline Floats fma(Floats a, Floats b, Floats c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline Floats abs(Floats a) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}
inline Floats round(Floats a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Floats times_power_of_two(Floats a, Floats n) {
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}
inline float sum_lanes(Floats a) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float max_lanes(Floats a) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
inline Floats load_f16(const uint8_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline Floats broadcast_f16(const uint8_t* p) {
  int16_t half;
  __builtin_memcpy(&half, p, 2);
  return _mm256_cvtph_ps(_mm_set1_epi16(half));
}
inline Floats load_bf16(const uint8_t* p) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
inline Floats load_u8(const uint8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline Floats load_i8(const uint8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline void store_i8(int8_t* p, Floats x) {
  const __m256i wide = _mm256_cvtps_epi32(x);
  const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(half, half));
}

inline Bytes load_bytes(const uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline void store_bytes(uint8_t* p, Bytes x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x);
}
inline Bytes broadcast_4(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}
inline Bytes bit_and(Bytes a, int mask) {
  return _mm256_and_si256(a, _mm256_set1_epi8(static_cast<char>(mask)));
}
inline Bytes bit_or(Bytes a, Bytes b) {
  return _mm256_or_si256(a, b);
}
template <int n>
inline Bytes shift_right(Bytes a) {
  return _mm256_srli_epi16(a, n);
}
template <int n>
inline Bytes shift_left(Bytes a) {
  return _mm256_slli_epi16(a, n);
}
inline Bytes look_up(const int8_t* table, Bytes index) {
  const __m128i row = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(row), index);
}

inline Sums zero_sums() {
  return _mm256_setzero_si256();
}
inline Ints zero_ints() {
  return _mm256_setzero_si256();
}
inline Sums dot(Sums sums, Bytes codes, Bytes x) {
  return _mm256_add_epi16(sums, _mm256_maddubs_epi16(codes, x));
}
inline Ints widen_add(Ints ints, Sums sums) {
  return _mm256_add_epi32(ints, _mm256_madd_epi16(sums, _mm256_set1_epi16(1)));
}
inline Ints dot_signed(Ints ints, Bytes codes, Bytes x) {
  return widen_add(ints, _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(x, codes)));
}
inline Floats to_floats(Ints a) {
  return _mm256_cvtepi32_ps(a);
}
