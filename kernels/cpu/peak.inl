// Register loops that do nothing but multiply and add, for measuring the peak.

float peak_f32(int64_t rounds) {
  Floats sums[peak_sums_f32];
  for (Floats& sum : sums) sum = zero_floats();
  const Floats factor = broadcast(0.5f), term = broadcast(static_cast<float>(rounds));
  for (int64_t i = 0; i < rounds; ++i) {
    for (Floats& sum : sums) sum = fma(sum, factor, term);
  }
  for (const Floats& sum : sums) sums[0] = max(sums[0], sum);
  return max_lanes(sums[0]);
}

float peak_int8(int64_t rounds) {
  uint8_t codes[8 * vector_bytes];
  for (int i = 0; i < 8 * vector_bytes; ++i) codes[i] = static_cast<uint8_t>(i & 1);
  Bytes x[peak_sums_int8];
  Sums sums[peak_sums_int8];
  for (int j = 0; j < peak_sums_int8; ++j) {
    const int8_t four[4] = {1, static_cast<int8_t>(-j), 2, -1};
    x[j] = broadcast_4(four);
    sums[j] = zero_sums();
  }
  Ints total = zero_ints();
  for (int64_t i = 0; i < rounds; i += 1000) {  // some thousand rounds are far from overflowing the 16-bit sums
    const int64_t end = i + 1000 < rounds ? i + 1000 : rounds;
#pragma GCC unroll 1
    for (int64_t k = i; k < end; ++k) {
      const Bytes w = load_bytes(codes + vector_bytes * (k & 7));
      for (int j = 0; j < peak_sums_int8; ++j) sums[j] = dot(sums[j], w, x[j]);
    }
    for (int j = 0; j < peak_sums_int8; ++j) {
      total = widen_add(total, sums[j]);
      sums[j] = zero_sums();
    }
  }
  return max_lanes(to_floats(total));
}
