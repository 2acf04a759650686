// Gated delta net and mixture of experts against what transformers computes (tests/reference/recurrent_ops.py): the
// definition and every instruction set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "kernels/half.h"
#include "tests/kernels/op_support.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

/// A matrix of a fixture.
struct Golden {
  int64_t rows, cols;
  std::vector<float> values;

  View view() { return {values.data(), DType::f32, rows, cols}; }
  View columns(int64_t first, int64_t count) {
    return {values.data() + first, DType::f32, rows, count, static_cast<size_t>(cols) * sizeof(float)};
  }
};

std::vector<Golden> read_golden(const std::string& name) {
  const std::string file = testing::read_file("tests/kernels/fixtures/" + name);
  const auto* bytes = reinterpret_cast<const std::byte*>(file.data());
  std::vector<Golden> result;
  for (size_t at = 0; at < file.size();) {
    Golden& m = result.emplace_back(Golden{load_u32(bytes + at), load_u32(bytes + at + 4), {}});
    m.values.resize(static_cast<size_t>(m.rows * m.cols));
    std::memcpy(m.values.data(), bytes + at + 8, m.values.size() * sizeof(float));
    at += 8 + m.values.size() * sizeof(float);
  }
  return result;
}

void expect_near(ConstView actual, ConstView expected, float tolerance) {
  ASSERT_EQ(actual.rows, expected.rows);
  ASSERT_EQ(actual.cols, expected.cols);
  for (int64_t r = 0; r < actual.rows; ++r) {
    for (int64_t i = 0; i < actual.cols; ++i) {
      ASSERT_NEAR(actual.row(r)[i], expected.row(r)[i], tolerance) << "row " << r << ", column " << i;
    }
  }
}

class TransformersOps : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> backend =
      GetParam() == "reference" ? make_reference_backend() : make_cpu_backend({.threads = 2, .isa = GetParam()});
};

constexpr int64_t key_heads = 2, value_heads = 4, key_dim = 8, value_dim = 12, kernel = 4;
constexpr int64_t keys = key_heads * key_dim, values = value_heads * value_dim;

/// S of every head, read by queries e_i that leave it as it is: [value_heads · key_dim, value_dim].
Golden read_state(Backend& backend, const DeltaShape& shape, std::byte* state) {
  DeltaShape still = shape;
  const std::vector<float> none(value_heads, 0.0f);
  still.decay = still.bias = none;
  std::vector<float> q(key_dim * keys), k(q.size()), v(key_dim * values), a(key_dim * value_heads),
      b(a.size(), -200.0f), out(v.size());
  for (int64_t i = 0; i < key_dim; ++i) {
    for (int64_t h = 0; h < key_heads; ++h) q[static_cast<size_t>(i * keys + h * key_dim + i)] = 1;
  }
  const auto view = [](std::vector<float>& x, int64_t cols) { return View(x.data(), DType::f32, key_dim, cols); };
  const RecurrentRun run{0, key_dim, state, nullptr};
  backend.delta_rule(view(out, values),
                     {view(q, keys), view(k, keys), view(v, values), view(a, value_heads), view(b, value_heads)}, still,
                     {&run, 1});
  Golden result{value_heads * key_dim, value_dim, std::vector<float>(out.size())};
  for (int64_t h = 0; h < value_heads; ++h) {
    for (int64_t i = 0; i < key_dim; ++i) {
      std::copy_n(out.data() + i * values + h * value_dim, value_dim, result.view().row(h * key_dim + i));
    }
  }
  return result;
}

TEST_P(TransformersOps, GatedDeltaNet) {
  std::vector<Golden> m = read_golden("delta_net.bin");
  ASSERT_EQ(m.size(), 10u);
  Golden &u = m[0], &a = m[1], &b = m[2], &w = m[3], &decay = m[4], &bias = m[5], &y = m[6], &state = m[9];
  for (float& x : decay.values) x = -std::exp(x);
  const ConvShape conv{w.values, kernel, 0};
  const size_t conv_bytes = backend->conv_state_bytes(u.cols, kernel);
  const DeltaShape delta{key_heads, value_heads, key_dim, value_dim, false, decay.values, bias.values, conv_bytes};
  const std::vector<float> k_norm(key_dim, 1 / std::sqrt(8.0f)), q_norm(key_dim, 1 / 8.0f);
  for (const std::vector<int64_t>& cuts : {std::vector<int64_t>{0, 70}, {0, 1, 2, 30, 70}, {0, 66, 67, 68, 69, 70}}) {
    const auto blob = backend->allocate(conv_bytes + backend->delta_state_bytes(delta));
    Golden x = u, out{70, values, std::vector<float>(70 * values)};
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      const RecurrentRun run{cuts[i], cuts[i + 1] - cuts[i], blob->data(), nullptr};
      backend->causal_conv(x.view(), x.view(), conv, {&run, 1});
    }
    expect_near(x.view(), y.view(), 1e-5f);
    const View q = x.columns(0, keys), k = x.columns(keys, keys);
    backend->rms_norm(q, q, q_norm, 1e-6f / key_dim);  // x / sqrt(Σ x² + 1e-6) / sqrt(key_dim)
    backend->rms_norm(k, k, k_norm, 1e-6f / key_dim);
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      const RecurrentRun run{cuts[i], cuts[i + 1] - cuts[i], blob->data(), nullptr};
      backend->delta_rule(out.view(), {q, k, x.columns(2 * keys, values), a.view(), b.view()}, delta, {&run, 1});
    }
    expect_near(out.view(), m[7].view(), 5e-6f);
    expect_near(out.view(), m[8].view(), 5e-6f);
    expect_near(read_state(*backend, delta, blob->data()).view(), state.view(), 5e-6f);
  }
}

TEST_P(TransformersOps, MixtureOfExperts) {
  std::vector<Golden> m = read_golden("experts.bin");
  ASSERT_EQ(m.size(), 8u);
  Golden &x = m[0], &router = m[1], &gate_up = m[2], &down = m[3], &logits = m[4], &ids = m[5], &weights = m[6];
  const int64_t tokens = x.rows, hidden = x.cols, experts = router.rows, inner = gate_up.rows / experts / 2,
                k = ids.cols;
  const int64_t pairs = tokens * k;
  const auto matrix = [](int64_t rows, int64_t cols) {
    return Golden{rows, cols, std::vector<float>(static_cast<size_t>(rows * cols))};
  };
  Golden scores = matrix(tokens, experts);
  const auto router_weight = backend->pack(router.view(), nullptr);
  const std::array terms = {MatmulTerm{scores.view(), router_weight.get(), nullptr, false}};
  backend->matmul(terms, x.view());
  expect_near(scores.view(), logits.view(), 1e-5f);
  std::vector<int32_t> chosen(static_cast<size_t>(pairs));
  Golden shares = matrix(tokens, k);
  backend->top_k(chosen, shares.values, scores.view(), k, true);
  for (size_t i = 0; i < chosen.size(); ++i) EXPECT_EQ(chosen[i], static_cast<int32_t>(ids.values[i]));
  expect_near(shares.view(), weights.view(), 1e-6f);
  std::vector<int32_t> order(chosen.size()), rows, sorted;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return chosen[static_cast<size_t>(a)] < chosen[static_cast<size_t>(b)];
  });
  std::vector<float> factors;
  for (const int32_t i : order) {
    rows.push_back(i / static_cast<int32_t>(k));
    sorted.push_back(chosen[static_cast<size_t>(i)]);
    factors.push_back(shares.values[static_cast<size_t>(i)]);
  }
  Golden picked = matrix(pairs, hidden), both = matrix(pairs, 2 * inner), said = matrix(pairs, hidden),
         out = matrix(tokens, hidden);
  const auto in_weight = backend->pack(gate_up.view(), nullptr), out_weight = backend->pack(down.view(), nullptr);
  backend->gather_rows(picked.view(), x.view(), rows);
  backend->matmul_experts(both.view(), *in_weight, experts, picked.view(), sorted);
  const View gate = both.columns(0, inner);
  backend->glu(gate, gate, both.columns(inner, inner), Activation::silu);
  backend->matmul_experts(said.view(), *out_weight, experts, gate, sorted);
  backend->scatter_add(out.view(), said.view(), rows, factors);
  expect_near(out.view(), m[7].view(), 2e-5f);
}

std::vector<std::string> devices() {
  std::vector<std::string> names(cpu_isas().begin(), cpu_isas().end());
  names.emplace_back("reference");
  return names;
}

INSTANTIATE_TEST_SUITE_P(Everywhere, TransformersOps, ::testing::ValuesIn(devices()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace deskhand
