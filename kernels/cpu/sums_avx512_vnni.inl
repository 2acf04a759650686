// AVX-512 VNNI: four products at once, summed in 32 bits; nothing overflows.
using Sums = __m512i;
inline Sums zero_sums() {
  return _mm512_setzero_si512();
}
inline Sums dot(Sums sums, Bytes codes, Bytes x) {
  return _mm512_dpbusd_epi32(sums, codes, x);
}
inline Ints widen_add(Ints ints, Sums sums) {
  return _mm512_add_epi32(ints, sums);
}
inline Ints dot_signed(Ints ints, Bytes codes, Bytes x) {
  return _mm512_dpbusd_epi32(ints, _mm512_abs_epi8(codes), negate_where_negative(x, codes));
}
