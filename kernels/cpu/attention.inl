// Online softmax over one page: scores = q · Kᵀ, then acc = acc · e^(old − new) + P · V. K and V are of any float type.

template <Floats (*load_k)(const uint8_t*), int bytes>
inline void score_page(const AttentionPage& page) {
  float dots[3 * 4];
  for (int64_t q = 0; q < page.queries; q += 3) {
    const int64_t queries = page.queries - q < 3 ? page.queries - q : 3;
    for (int64_t k = 0; k < page.keys; k += 4) {
      const int64_t keys = page.keys - k < 4 ? page.keys - k : 4;
      float_rows<load_k, bytes>({page.k + k * page.stride, page.stride, keys, page.q + q * page.width, page.width,
                                 queries, page.width, dots});
      for (int64_t i = 0; i < queries; ++i) {
        for (int64_t j = 0; j < keys; ++j) page.scores[(q + i) * page.keys + k + j] = dots[4 * i + j];
      }
    }
  }
}

/// Turns a query's scores into weights and rescales what it has gathered so far.
inline void weigh_query(const AttentionPage& page, int64_t q) {
  float* scores = page.scores + q * page.keys;
  const int64_t first = page.first[q], last = page.last[q];
  float largest = page.largest[q];
  for (int64_t k = first; k < last; ++k) largest = largest < scores[k] ? scores[k] : largest;
  float sum = 0;
  int64_t k = first;
  for (; k + lanes <= last; k += lanes) {
    const Floats p = exponential(sub(load(scores + k), broadcast(largest)));
    store(scores + k, p);
    sum += sum_lanes(p);
  }
  if (const int64_t rest = last - k; rest > 0) {
    store_part(scores + k, exponential(sub(load_part(scores + k, rest), broadcast(largest))), rest);
    for (; k < last; ++k) sum += scores[k];
  }
  for (k = 0; k < first; ++k) scores[k] = 0;
  for (k = last; k < page.keys; ++k) scores[k] = 0;
  if (first < last && largest > page.largest[q]) {
    float factor[lanes];
    store(factor, exponential(broadcast(page.largest[q] - largest)));
    for (int64_t i = 0; i < page.width; i += lanes) {
      store(page.acc + q * page.width + i, mul(load(page.acc + q * page.width + i), broadcast(factor[0])));
    }
    page.sum[q] *= factor[0];
    page.largest[q] = largest;
  }
  page.sum[q] += sum;
}

template <Floats (*load_v)(const uint8_t*), int bytes, int queries, int vectors>
inline void gather_values(const AttentionPage& page, int64_t q, int64_t column) {
  Floats acc[queries][vectors];
  float* out = page.acc + q * page.width + column;
  for (int i = 0; i < queries; ++i) {
    for (int v = 0; v < vectors; ++v) acc[i][v] = load(out + i * page.width + v * lanes);
  }
  const uint8_t* row = page.v + column * bytes;
  for (int64_t k = 0; k < page.keys; ++k, row += page.stride) {
    Floats value[vectors];
    for (int v = 0; v < vectors; ++v) value[v] = load_v(row + v * lanes * bytes);
    for (int i = 0; i < queries; ++i) {
      const Floats p = broadcast(page.scores[(q + i) * page.keys + k]);
      for (int v = 0; v < vectors; ++v) acc[i][v] = fma(p, value[v], acc[i][v]);
    }
  }
  for (int i = 0; i < queries; ++i) {
    for (int v = 0; v < vectors; ++v) store(out + i * page.width + v * lanes, acc[i][v]);
  }
}

template <Floats (*load_v)(const uint8_t*), int bytes, int queries>
inline void gather_columns(const AttentionPage& page, int64_t q) {
  int64_t column = 0;
  for (; column + 2 * lanes <= page.width; column += 2 * lanes) {
    gather_values<load_v, bytes, queries, 2>(page, q, column);
  }
  if (column < page.width) gather_values<load_v, bytes, queries, 1>(page, q, column);
}

template <Floats (*load_kv)(const uint8_t*), int bytes>
void attend(const AttentionPage& page) {
  score_page<load_kv, bytes>(page);
  for (int64_t q = 0; q < page.queries; ++q) weigh_query(page, q);
  int64_t q = 0;
  for (; q + 4 <= page.queries; q += 4) gather_columns<load_kv, bytes, 4>(page, q);
  for (; q < page.queries; ++q) gather_columns<load_kv, bytes, 1>(page, q);
}
