// Products of interleaved quantised weights and int8 activations. One body for all formats: weight = scale · code +
// offset, so y += (scale · d) · Σ code·x + offset · (d · Σ x), with the integer sum exact.
// Every path adds the same terms in the same order: a row's result does not depend on how many rows go with it.

/// x = d · code, d = max |x| / 127 over 32 columns.
inline void quantise(const float* x, int64_t cols, int8_t* codes, float* meta) {
  for (int64_t block = 0; block < cols / 32; ++block, x += 32, codes += 32, meta += 4) {
    Floats largest = zero_floats();
    for (int i = 0; i < 32; i += lanes) largest = max(largest, abs(load(x + i)));
    const float size = max_lanes(largest);
    const float d = size / 127.0f;
    const float inverse = size > 1e-36f ? 127.0f / size : 0.0f;
    float sums[2];
    for (int half = 0; half < 2; ++half) {
      Floats sum = zero_floats();
      for (int i = 16 * half; i < 16 * half + 16; i += lanes) {
        const Floats q = round(mul(load(x + i), broadcast(inverse)));
        store_i8(codes + i, q);
        sum = add(sum, q);
      }
      sums[half] = sum_lanes(sum);
    }
    meta[0] = d;
    meta[1] = d * sums[0];
    meta[2] = d * sums[1];
    meta[3] = d * (sums[0] + sums[1]);
  }
}

constexpr int vector_bytes = 4 * lanes;
constexpr int prefetch_bytes = 2560;

template <int left>
inline Bytes shift(const Bytes& a) {
  if constexpr (left > 0) {
    return shift_left<left>(a);
  } else if constexpr (left < 0) {
    return shift_right<-left>(a);
  } else {
    return a;
  }
}

/// 32 columns of unsigned codes of 2 to 6 bits; `chain` products of two fit a 16-bit sum: (2^bits − 1) · 127 · 2. Those
/// of 2 and 3 bits have two scales per 32 columns, so that no chain is longer than 4.
template <int bits>
struct PackedCodes {
  static constexpr bool is_signed = false;
  static constexpr int vectors = bits;
  static constexpr int chain = bits == 4 ? 8 : bits == 6 ? 2 : 4;

  template <int q>
  static void add_high(const uint8_t* p, Bytes* c) {
    if constexpr (bits == 3) c[q] = bit_or(c[q], bit_and(shift<2 - q>(load_bytes(p)), 4));
    if constexpr (bits == 5) c[q] = bit_or(c[q], bit_and(shift<4 - q>(load_bytes(p)), 0x10));
    if constexpr (bits == 6) {
      c[q] = bit_or(c[q], bit_and(shift<4 - 2 * (q % 4)>(load_bytes(p + vector_bytes * (q / 4))), 0x30));
    }
  }

  static void unpack(const uint8_t* p, Bytes* c) {
    if constexpr (bits < 4) {
      for (int v = 0; v < 2; ++v, p += vector_bytes) {
        const Bytes four = load_bytes(p);
        c[v] = bit_and(four, 3);
        c[v + 2] = bit_and(shift_right<2>(four), 3);
        c[v + 4] = bit_and(shift_right<4>(four), 3);
        c[v + 6] = bit_and(shift_right<6>(four), 3);
      }
    } else {
      for (int v = 0; v < 4; ++v, p += vector_bytes) {
        const Bytes pair = load_bytes(p);
        c[v] = bit_and(pair, 15);
        c[v + 4] = bit_and(shift_right<4>(pair), 15);
      }
    }
    if constexpr (bits == 3 || bits > 4) {
      add_high<0>(p, c), add_high<1>(p, c), add_high<2>(p, c), add_high<3>(p, c);
      add_high<4>(p, c), add_high<5>(p, c), add_high<6>(p, c), add_high<7>(p, c);
    }
  }
};

/// 32 columns of signed bytes.
struct ByteCodes {
  static constexpr bool is_signed = true;
  static constexpr int vectors = 8;
  static constexpr int chain = 1;

  static void unpack(const uint8_t* p, Bytes* c) {
    for (int v = 0; v < 8; ++v) c[v] = load_bytes(p + vector_bytes * v);
  }
};

/// Nibbles that index the 16 levels of IQ4_NL and IQ4_XS.
struct LevelCodes {
  static constexpr bool is_signed = true;
  static constexpr int vectors = 4;
  static constexpr int chain = 1;

  static void unpack(const uint8_t* p, Bytes* c) {
    static constexpr int8_t levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    PackedCodes<4>::unpack(p, c);
    for (int v = 0; v < 8; ++v) c[v] = look_up(levels, c[v]);
  }
};

/// One scale d; offset −zero · d.
template <int zero>
struct CentredScale {
  static constexpr int unit = 32, spans = 1, bytes = 2;
  static void unpack(const uint8_t* s, Floats* scale, Floats* offset) {
    scale[0] = load_f16(s);
    offset[0] = mul(scale[0], broadcast(-static_cast<float>(zero)));
  }
};

/// Scale d and offset m.
struct ScaleAndOffset {
  static constexpr int unit = 32, spans = 1, bytes = 4;
  static void unpack(const uint8_t* s, Floats* scale, Floats* offset) {
    scale[0] = load_f16(s);
    offset[0] = load_f16(s + 2 * lanes);
  }
};

/// Q4_K and Q5_K: d · scale and −dmin · min, 6 bits each in 12 bytes; planes 0-3, 4-7 and 8-11 are one vector each.
struct ScalesAndMinima {
  static constexpr int unit = 256, spans = 1, bytes = 16;
  static void unpack(const uint8_t* s, Floats* scale, Floats* offset) {
    const Floats d = load_f16(s);
    const Floats dmin = mul(load_f16(s + 2 * lanes), broadcast(-1.0f));
    const Bytes a = load_bytes(s + 4 * lanes);
    const Bytes b = load_bytes(s + 8 * lanes);
    const Bytes c = load_bytes(s + 12 * lanes);
    uint8_t scales[8 * lanes], minima[8 * lanes];
    store_bytes(scales, bit_and(a, 63));
    store_bytes(minima, bit_and(b, 63));
    store_bytes(scales + 4 * lanes, bit_or(bit_and(c, 15), bit_and(shift_right<2>(a), 0x30)));
    store_bytes(minima + 4 * lanes, bit_or(bit_and(shift_right<4>(c), 15), bit_and(shift_right<2>(b), 0x30)));
    for (int k = 0; k < 8; ++k) {
      scale[k] = mul(d, load_u8(scales + k * lanes));
      offset[k] = mul(dmin, load_u8(minima + k * lanes));
    }
  }
};

/// Q2_K: d · scale and −dmin · min per 16 columns, a nibble each of one byte.
struct NibbleScalesAndMinima {
  static constexpr int unit = 256, spans = 2, bytes = 20;
  static void unpack(const uint8_t* s, Floats* scale, Floats* offset) {
    const Floats d = load_f16(s);
    const Floats dmin = mul(load_f16(s + 2 * lanes), broadcast(-1.0f));
    uint8_t scales[4 * lanes], minima[4 * lanes];
    for (int k = 0; k < 16; k += 4) {  // one vector holds the bytes of four scales
      const Bytes four = load_bytes(s + (4 + k) * lanes);
      store_bytes(scales, bit_and(four, 15));
      store_bytes(minima, bit_and(shift_right<4>(four), 15));
      for (int i = 0; i < 4; ++i) {
        scale[k + i] = mul(d, load_u8(scales + i * lanes));
        offset[k + i] = mul(dmin, load_u8(minima + i * lanes));
      }
    }
  }
};

/// One signed scale byte per `columns` columns; offset −zero · scale.
template <int columns, int zero>
struct SignedScales {
  static constexpr int unit = 256, spans = 32 / columns, count = 256 / columns, bytes = 2 + count;
  static void unpack(const uint8_t* s, Floats* scale, Floats* offset) {
    const Floats d = load_f16(s);
    for (int k = 0; k < count; ++k) {
      scale[k] = mul(d, load_i8(s + (2 + k) * lanes));
      offset[k] = mul(scale[k], broadcast(-static_cast<float>(zero)));
    }
  }
};

template <class Codes>
inline Ints dot_columns(const Bytes* c, int quads, const int8_t* x) {
  Ints total = zero_ints();
  if constexpr (Codes::is_signed) {
    for (int q = 0; q < quads; ++q) total = dot_signed(total, c[q], broadcast_4(x + 4 * q));
  } else {
    for (int q = 0; q < quads; q += Codes::chain) {
      Sums sums = zero_sums();
      for (int i = q; i < q + Codes::chain; ++i) sums = dot(sums, c[i], broadcast_4(x + 4 * i));
      total = widen_add(total, sums);
    }
  }
  return total;
}

/// acc + (scale · d) · total + offset · sum
template <class Codes>
inline Floats fold(const Floats& acc, const Ints& total, const Floats& scale, const Floats& offset,
                   const float* meta_and_sum[2]) {
  const Floats y = fma(to_floats(total), mul(scale, broadcast(*meta_and_sum[0])), acc);
  if constexpr (Codes::is_signed) {
    return y;
  } else {
    return fma(offset, broadcast(*meta_and_sum[1]), y);
  }
}

template <class Codes, class Scales, int row_count>
void multiply_rows(Group group, int64_t units, const Activations& x, float* y) {
  constexpr int blocks = Scales::unit / 32, spans = Scales::spans, quads = 8 / spans;
  Floats acc[row_count];
  for (int r = 0; r < row_count; ++r) acc[r] = zero_floats();
  const uint8_t* p = group.codes;
  int64_t block = 0;
  for (int64_t u = 0; u < units; ++u) {
    Floats scale[blocks * spans], offset[blocks * spans];
    Scales::unpack(group.scales + u * Scales::bytes * lanes, scale, offset);
    for (int b = 0; b < blocks; ++b, ++block, p += Codes::vectors * vector_bytes) {
      // The hardware stops at the end of a page; a few blocks ahead hide what memory takes then.
      for (int at = 0; at < Codes::vectors * vector_bytes; at += 64) __builtin_prefetch(p + prefetch_bytes + at);
      Bytes c[8];
      Codes::unpack(p, c);
      for (int r = 0; r < row_count; ++r) {
        const int8_t* codes = x.codes + r * x.code_stride + 32 * block;
        const float* meta = x.meta + r * x.meta_stride + 4 * block;
        for (int s = 0; s < spans; ++s) {
          const float* factors[2] = {meta, meta + (spans == 1 ? 3 : 1 + s)};
          const Ints total = dot_columns<Codes>(c + quads * s, quads, codes + 4 * quads * s);
          acc[r] = fold<Codes>(acc[r], total, scale[b * spans + s], offset[b * spans + s], factors);
        }
      }
    }
  }
  for (int r = 0; r < row_count; ++r) store(y + r * lanes, acc[r]);
}

template <class Codes, class Scales>
void unpack_group(Group group, int64_t units, int64_t index, const Panel& panel) {
  constexpr int blocks = Scales::unit / 32, count = blocks * Scales::spans;
  const uint8_t* p = group.codes;
  uint8_t* codes = panel.codes + 8 * vector_bytes * index;
  int64_t at = lanes * index;
  for (int64_t u = 0; u < units; ++u) {
    Floats scale[count], offset[count];
    Scales::unpack(group.scales + u * Scales::bytes * lanes, scale, offset);
    for (int i = 0; i < count; ++i, at += 2 * lanes) {
      store(panel.scale + at, scale[i]);
      store(panel.offset + at, offset[i]);
    }
    for (int b = 0; b < blocks; ++b, p += Codes::vectors * vector_bytes, codes += 16 * vector_bytes) {
      Bytes c[8];
      Codes::unpack(p, c);
      for (int q = 0; q < 8; ++q) store_bytes(codes + vector_bytes * q, c[q]);
    }
  }
}

/// total[r][g] of `quads` vectors of both groups.
template <class Codes, int row_count, int quads>
inline void dot_tile(const uint8_t* w, const int8_t* x, int64_t x_stride, Ints (&total)[row_count][2]) {
  for (int r = 0; r < row_count; ++r) total[r][0] = total[r][1] = zero_ints();
  if constexpr (Codes::is_signed) {
    for (int q = 0; q < quads; ++q) {
      const Bytes w0 = load_bytes(w + vector_bytes * q), w1 = load_bytes(w + vector_bytes * (8 + q));
      for (int r = 0; r < row_count; ++r) {
        const Bytes four = broadcast_4(x + r * x_stride + 4 * q);
        total[r][0] = dot_signed(total[r][0], w0, four);
        total[r][1] = dot_signed(total[r][1], w1, four);
      }
    }
  } else {
    for (int q = 0; q < quads; q += Codes::chain) {
      Sums sums[row_count][2];
      for (int r = 0; r < row_count; ++r) sums[r][0] = sums[r][1] = zero_sums();
#pragma GCC unroll 4  // fully unrolled, the compiler orders it so that the sums no longer fit the registers
      for (int i = q; i < q + Codes::chain; ++i) {
        const Bytes w0 = load_bytes(w + vector_bytes * i), w1 = load_bytes(w + vector_bytes * (8 + i));
        for (int r = 0; r < row_count; ++r) {
          const Bytes four = broadcast_4(x + r * x_stride + 4 * i);
          sums[r][0] = dot(sums[r][0], w0, four);
          sums[r][1] = dot(sums[r][1], w1, four);
        }
      }
      for (int r = 0; r < row_count; ++r) {
        total[r][0] = widen_add(total[r][0], sums[r][0]);
        total[r][1] = widen_add(total[r][1], sums[r][1]);
      }
    }
  }
}

template <class Codes, int spans, int row_count>
void multiply_tile(const Panel& panel, int64_t blocks, const Activations& x, float* y) {
  constexpr int quads = 8 / spans;
  Floats acc[row_count][2];
  for (int i = 0; i < 2 * row_count; ++i) acc[i / 2][i % 2] = load(y + lanes * i);
  const float* scale = panel.scale;
  const float* offset = panel.offset;
  for (int64_t block = 0; block < blocks; ++block) {
    for (int s = 0; s < spans; ++s, scale += 2 * lanes, offset += 2 * lanes) {
      Ints total[row_count][2];
      dot_tile<Codes, row_count, quads>(panel.codes + (16 * block + quads * s) * vector_bytes,
                                        x.codes + 32 * block + 4 * quads * s, x.code_stride, total);
      for (int r = 0; r < row_count; ++r) {
        const float* meta = x.meta + r * x.meta_stride + 4 * block;
        const float* factors[2] = {meta, meta + (spans == 1 ? 3 : 1 + s)};
        acc[r][0] = fold<Codes>(acc[r][0], total[r][0], load(scale), load(offset), factors);
        acc[r][1] = fold<Codes>(acc[r][1], total[r][1], load(scale + lanes), load(offset + lanes), factors);
      }
    }
  }
  for (int i = 0; i < 2 * row_count; ++i) store(y + lanes * i, acc[i / 2][i % 2]);
}

template <class Codes, class Scales>
constexpr QuantisedLoops quantised_loops(uint32_t type) {
  constexpr int spans = Scales::spans;
  return {type,
          Scales::unit,
          spans,
          Codes::vectors,
          Scales::bytes,
          {multiply_rows<Codes, Scales, 1>, multiply_rows<Codes, Scales, 2>, multiply_rows<Codes, Scales, 3>,
           multiply_rows<Codes, Scales, 4>},
          unpack_group<Codes, Scales>,
          {multiply_tile<Codes, spans, 1>, multiply_tile<Codes, spans, 2>, multiply_tile<Codes, spans, 3>,
           multiply_tile<Codes, spans, 4>}};
}

constexpr QuantisedLoops quantised[] = {
    quantised_loops<PackedCodes<4>, CentredScale<8>>(2),         // Q4_0
    quantised_loops<PackedCodes<4>, ScaleAndOffset>(3),          // Q4_1
    quantised_loops<PackedCodes<5>, CentredScale<16>>(6),        // Q5_0
    quantised_loops<PackedCodes<5>, ScaleAndOffset>(7),          // Q5_1
    quantised_loops<ByteCodes, CentredScale<0>>(8),              // Q8_0
    quantised_loops<PackedCodes<2>, NibbleScalesAndMinima>(10),  // Q2_K
    quantised_loops<PackedCodes<3>, SignedScales<16, 4>>(11),    // Q3_K
    quantised_loops<PackedCodes<4>, ScalesAndMinima>(12),        // Q4_K
    quantised_loops<PackedCodes<5>, ScalesAndMinima>(13),        // Q5_K
    quantised_loops<PackedCodes<6>, SignedScales<16, 32>>(14),   // Q6_K
    quantised_loops<LevelCodes, CentredScale<0>>(20),            // IQ4_NL
    quantised_loops<LevelCodes, SignedScales<32, 0>>(23),        // IQ4_XS
};
