// AVX-512 F, BW, DQ and VL: 16 lanes. See vector_portable.inl for what each function means.
constexpr int lanes = 16;
using Floats = __m512;
using Bytes = __m512i;
using Ints = __m512i;

inline Floats zero_floats() {
  return _mm512_setzero_ps();
}
inline Floats broadcast(float x) {
  return _mm512_set1_ps(x);
}
inline Floats load(const float* p) {
  return _mm512_loadu_ps(p);
}
inline void store(float* p, Floats x) {
  _mm512_storeu_ps(p, x);
}
inline Floats add(Floats a, Floats b) {
  return _mm512_add_ps(a, b);
}
inline Floats sub(Floats a, Floats b) {
  return _mm512_sub_ps(a, b);
}
inline Floats mul(Floats a, Floats b) {
  return _mm512_mul_ps(a, b);
}
inline Floats div(Floats a, Floats b) {
  return _mm512_div_ps(a, b);
}
inline Floats max(Floats a, Floats b) {
  return _mm512_max_ps(a, b);
}
inline Floats min(Floats a, Floats b) {
  return _mm512_min_ps(a, b);
}
inline Floats fma(Floats a, Floats b, Floats c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline Floats abs(Floats a) {
  return _mm512_abs_ps(a);
}
inline Floats round(Floats a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Floats times_power_of_two(Floats a, Floats n) {
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_slli_epi32(_mm512_cvtps_epi32(n), 23)));
}
inline float sum_lanes(Floats a) {
  return _mm512_reduce_add_ps(a);
}
inline float max_lanes(Floats a) {
  return _mm512_reduce_max_ps(a);
}
inline Floats load_f16(const uint8_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline Floats broadcast_f16(const uint8_t* p) {
  int16_t half;
  __builtin_memcpy(&half, p, 2);
  return _mm512_cvtph_ps(_mm256_set1_epi16(half));
}
inline Floats load_bf16(const uint8_t* p) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
inline Floats load_u8(const uint8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline Floats load_i8(const uint8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline void store_i8(int8_t* p, Floats x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(x)));
}

inline Bytes load_bytes(const uint8_t* p) {
  return _mm512_loadu_si512(p);
}
inline void store_bytes(uint8_t* p, Bytes x) {
  _mm512_storeu_si512(p, x);
}
inline Bytes broadcast_4(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm512_set1_epi32(four);
}
inline Bytes bit_and(Bytes a, int mask) {
  return _mm512_and_si512(a, _mm512_set1_epi8(static_cast<char>(mask)));
}
inline Bytes bit_or(Bytes a, Bytes b) {
  return _mm512_or_si512(a, b);
}
template <int n>
inline Bytes shift_right(Bytes a) {
  return _mm512_srli_epi16(a, n);
}
template <int n>
inline Bytes shift_left(Bytes a) {
  return _mm512_slli_epi16(a, n);
}
inline Bytes look_up(const int8_t* table, Bytes index) {
  const __m128i row = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(row), index);
}

inline Ints zero_ints() {
  return _mm512_setzero_si512();
}
inline Floats to_floats(Ints a) {
  return _mm512_cvtepi32_ps(a);
}
inline Bytes negate_where_negative(Bytes x, Bytes codes) {
  return _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(codes), _mm512_setzero_si512(), x);
}
