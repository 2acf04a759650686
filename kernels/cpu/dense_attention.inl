// Online softmax of 2 · lanes queries over a block of keys: two products whose tiles stay in registers, and between
// them sums, maxima and exponentials that never cross lanes.

/// Turns scores into weights, and rescales what was gathered before where a larger score was found.
inline void weigh_block(const DenseBlock& block, int half) {
  float* scores = block.scores + half * lanes;
  const Floats before = load(block.largest + half * lanes);
  Floats largest = before;
  for (int64_t k = 0; k < block.keys; ++k) largest = max(largest, load(scores + k * 2 * lanes));
  Floats sum = zero_floats();
  for (int64_t k = 0; k < block.keys; ++k) {
    const Floats p = exponential(sub(load(scores + k * 2 * lanes), largest));
    store(scores + k * 2 * lanes, p);
    sum = add(sum, p);
  }
  float* total = block.sum + half * lanes;
  if (max_lanes(sub(largest, before)) > 0) {
    const Floats factor = exponential(sub(before, largest));
    sum = fma(load(total), factor, sum);
    for (int64_t i = 0; i < block.head_dim; ++i) {
      float* acc = block.acc + (2 * i + half) * lanes;
      store(acc, mul(load(acc), factor));
    }
    store(block.largest + half * lanes, largest);
  } else {
    sum = add(load(total), sum);
  }
  store(total, sum);
}

void attend_dense(const DenseBlock& block) {
  for (int64_t i = 0; i < block.keys * 2; ++i) store(block.scores + i * lanes, zero_floats());
  float_tiles<false>({block.q, block.k, block.head_dim, block.keys, block.head_dim, block.scores});
  weigh_block(block, 0);
  weigh_block(block, 1);
  float_tiles<true>({block.scores, block.v, block.head_dim, block.head_dim, block.keys, block.acc});
}
