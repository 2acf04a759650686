// AVX-512 BW: products in pairs, summed in 16 bits.
using Sums = __m512i;
inline Sums zero_sums() {
  return _mm512_setzero_si512();
}
inline Sums dot(Sums sums, Bytes codes, Bytes x) {
  return _mm512_add_epi16(sums, _mm512_maddubs_epi16(codes, x));
}
inline Ints widen_add(Ints ints, Sums sums) {
  return _mm512_add_epi32(ints, _mm512_madd_epi16(sums, _mm512_set1_epi16(1)));
}
inline Ints dot_signed(Ints ints, Bytes codes, Bytes x) {
  return widen_add(ints, _mm512_maddubs_epi16(_mm512_abs_epi8(codes), negate_where_negative(x, codes)));
}
