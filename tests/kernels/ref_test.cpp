// The definitions themselves, against numbers from PyTorch in double precision.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "kernels/backend.h"
#include "kernels/check.h"

namespace deskhand {
namespace {

using Row = std::vector<float>;

void expect_near(const Row& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 2e-6) << "value " << i;
}

class Reference : public ::testing::Test {
 protected:
  View view(Row& row, int64_t rows = 1) {
    return {row.data(), DType::f32, rows, static_cast<int64_t>(row.size()) / rows};
  }
  std::unique_ptr<Backend> backend = make_reference_backend();
};

TEST_F(Reference, Matmul) {
  Row w = {1, 2, 3, -1, 0, 4}, x = {1, 1, 1, 2, 0, -1}, y = {10, 20, 30, 40};
  const Row bias = {0.5f, -1};
  const auto weight = backend->pack(view(w, 2), nullptr);
  EXPECT_EQ(weight->bytes(), 24u);
  const std::array terms = {MatmulTerm{view(y, 2), weight.get(), bias.data(), true}};
  backend->matmul(terms, view(x, 2));
  expect_near(y, {16.5, 22, 29.5, 33});
}

TEST_F(Reference, EmbedScalesRowsOfAnyType) {
  Row w = {1, 2, 3, -1, 0, 4}, y(4);
  const auto table = backend->pack(view(w, 3), nullptr);
  const std::array<int32_t, 2> ids = {2, 0};
  backend->embed(view(y, 2), *table, ids, 2.0f);
  expect_near(y, {0, 8, 2, 4});
  const std::array<int32_t, 2> outside = {3, 0};
  EXPECT_THROW(backend->embed(view(y, 2), *table, outside, 1.0f), InternalError);
}

TEST_F(Reference, RmsNormOverGroups) {
  Row x = {1, 2, -3, 0.5f, 1, 2, -3, 0.5f};
  const Row w = {1, 0.5f, 2, -1};
  backend->rms_norm(view(x), view(x), w, 1e-5f);
  expect_near(x, {0.5298121992, 0.5298121992, -3.1788731954, -0.2649060996, 0.5298121992, 0.5298121992, -3.1788731954,
                  -0.2649060996});
}

TEST_F(Reference, LayerNorm) {
  Row x = {1, 2, -3, 0.5f};
  const Row w = {1, 0.5f, 2, -1}, b = {0.5f, 0, -1, 3};
  backend->layer_norm(view(x), view(x), w, b, 1e-5f);
  expect_near(x, {0.9646056632, 0.4977917820, -4.3186118798, 2.8008832872});
  EXPECT_THROW(backend->layer_norm(view(x), view(x), w, std::span(b).first(3), 1e-5f), InternalError);
}

TEST_F(Reference, RopeOnTwoAxes) {
  const Row frequencies = {1.0f, 0.1f};
  const std::array<int32_t, 2> axis = {1, 0}, beyond = {0, 2};
  const std::array<int32_t, 4> positions = {3, 5, 0, 7};
  Row x = {1, 2, -3, 0.5f, 1, 2, -3, 0.5f};
  backend->rope(view(x, 2), 4, {.inv_freq = frequencies, .axis = axis, .axes = 2}, positions);
  expect_near(x, {-2.5931106385, 1.7629128749, -1.8099108311, 1.0687086579, 2.7248620505, 2, -1.6047201643, 0.5});
  EXPECT_THROW(backend->rope(view(x, 2), 4, {.inv_freq = frequencies, .axis = beyond, .axes = 2}, positions),
               InternalError);
  EXPECT_THROW(backend->rope(view(x, 2), 4, {.inv_freq = frequencies, .axis = axis, .axes = 3}, positions),
               InternalError);
}

TEST_F(Reference, RopePairings) {
  const Row frequencies = {1.0f, 0.1f};
  const std::array<int32_t, 1> positions = {3};
  Row x = {1, 2, -3, 0.5f};
  backend->rope(view(x), 4, {.inv_freq = frequencies, .pairing = RopePairing::halves}, positions);
  expect_near(x, {-0.5666324724, 1.7629128749, 3.1110974979, 1.0687086579});
  x = {1, 2, -3, 0.5f, 7};  // the fifth value is outside the turned part
  backend->rope(view(x), 5, {.inv_freq = frequencies, .scale = 2, .pairing = RopePairing::adjacent}, positions);
  expect_near(x, {-2.5444650254, -3.6777299703, -6.0275391414, -0.8177847508, 7});
}

TEST_F(Reference, Glu) {
  Row gate = {-3, -0.5f, 0.25f, 2}, up = {1, 1, 1, 2}, y(4);
  backend->glu(view(y), view(gate), view(up), Activation::silu);
  expect_near(y, {-0.1422776195, -0.1887703344, 0.1405441252, 2 * 1.7615941560});
  backend->glu(view(gate), view(gate), view(up), Activation::gelu_tanh);
  expect_near(gate, {-0.0036373921, -0.1542859902, 0.1496753507, 2 * 1.9545976941});
  gate = {-3, -0.5f, 0.25f, 2};
  backend->glu(view(gate), view(gate), view(up), Activation::sigmoid);
  expect_near(gate, {0.0474258732, 0.3775406688, 0.5621765009, 2 * 0.8807970780});
}

TEST_F(Reference, ActivateAndClamp) {
  const Row start = {-3, -0.5f, 0.25f, 2};
  Row x = start;
  backend->activate(view(x), Activation::gelu_erf);
  expect_near(x, {-0.0040496941, -0.1542687694, 0.1496765814, 1.9544997361});
  x = start;
  backend->activate(view(x), Activation::gelu_quick);
  expect_near(x, {-0.0180713097, -0.1496115634, 0.1511996499, 1.9356586231});
  x = start;
  backend->clamp(view(x), -1, 0.5f);
  expect_near(x, {-1, -0.5, 0.25, 0.5});
  EXPECT_THROW(backend->clamp(view(x), 1, 0.5f), InternalError);
}

TEST_F(Reference, AddGatherAndSoftCap) {
  Row x = {-3, -0.5f, 0.25f, 2}, y = {1, 1, 1, 1};
  backend->add(view(y), view(x));
  expect_near(y, {-2, 0.5, 1.25, 3});
  const std::array<int32_t, 3> rows = {1, 1, 0};
  Row picked(6);
  backend->gather_rows(view(picked, 3), view(x, 2), rows);
  expect_near(picked, {0.25, 2, 0.25, 2, -3, -0.5});
  backend->soft_cap(view(x), 5.0f);
  expect_near(x, {-2.6852478350, -0.4983399731, 0.2497918748, 1.8997448113});
}

// As AttentionOverPages below, where the second row sees the last two keys and the third none.
TEST_F(Reference, AttentionOverRows) {
  const DenseAttentionShape shape{.heads = 2, .kv_heads = 1, .head_dim = 2, .scale = 0.70710678f};
  Row k = {0.5f, 1, -1, 0.25f, 2, 0.5f}, v = {1, 2, 3, -4, 0.5f, 8};
  Row q = {1, -0.5f, 0.5f, 2, 1, 1, 1, 1, 1, 1, 1, 1}, out(12, 7.0f);
  const std::array segments = {DenseSegment{0, 1, 0, 3}, DenseSegment{1, 2, 1, 3}, DenseSegment{2, 3, 0, 0}};
  backend->attention_dense(view(out, 3), view(q, 3), view(k, 3), view(v, 3), shape, segments);
  expect_near(out, {0.8324525506, 5.6692526844, 0.9943498315, 3.8638762233, 0.7282017161, 6.9046317629, 0.7282017161,
                    6.9046317629, 0, 0, 0, 0});
}

// Two query heads share one kv head; three keys on pages of two positions; the second row sees the last two keys.
TEST_F(Reference, AttentionOverPages) {
  const AttentionShape shape{.kv = {.type = DType::f32, .kv_heads = 1, .head_dim = 2, .page_tokens = 2},
                             .page_offset = 64,
                             .heads = 2,
                             .scale = 0.70710678f};
  const auto page0 = backend->allocate(64 + backend->kv_page_bytes(shape.kv));
  const auto page1 = backend->allocate(64 + backend->kv_page_bytes(shape.kv));
  std::byte* const pages[] = {page0->data(), page1->data()};
  Row k = {0.5f, 1, -1, 0.25f, 2, 0.5f}, v = {1, 2, 3, -4, 0.5f, 8};
  const std::array slots = {AttentionRow{pages, 0, 1}, AttentionRow{pages, 0, 2}, AttentionRow{pages, 0, 3}};
  backend->kv_write(shape, slots, view(k, 3), view(v, 3));
  Row q = {1, -0.5f, 0.5f, 2, 1, -0.5f, 0.5f, 2, 1, 1, 1, 1}, out(12, 7.0f);
  const std::array rows = {AttentionRow{pages, 0, 3}, AttentionRow{pages, 1, 3}, AttentionRow{nullptr, 0, 0}};
  backend->attention_paged(view(out, 3), view(q, 3), shape, rows);
  expect_near(out, {0.8324525498, 5.6692526890, 0.9943498310, 3.8638762249, 0.7894710044, 6.6105391789, 0.9889257938,
                    5.6531561901, 0, 0, 0, 0});
}

}  // namespace
}  // namespace deskhand
