#include <gtest/gtest.h>

#include "core/kv/sequence.h"
#include "kernels/check.h"

namespace deskhand {
namespace {

constexpr LayerMemory full{.kv_heads = 2, .head_dim = 16, .window = 0};
constexpr LayerMemory windowed{.kv_heads = 1, .head_dim = 8, .window = 70};

TEST(KvPlan, LayersWithTheSameWindowShareAGroup) {
  const auto backend = make_reference_backend();
  const KvPlan plan(std::vector{windowed, full, windowed, full, windowed}, DType::f16, *backend);
  ASSERT_EQ(plan.groups().size(), 2u);
  EXPECT_EQ(plan.groups()[0].window, 70);
  EXPECT_EQ(plan.groups()[1].window, 0);
  EXPECT_EQ(plan.layer(0).group, 0u);
  EXPECT_EQ(plan.layer(3).group, 1u);
  // Parts of a page follow each other without overlap.
  const size_t part = backend->kv_page_bytes(plan.layer(0).layout);
  EXPECT_EQ(plan.layer(0).offset, 0u);
  EXPECT_GE(plan.layer(2).offset, part);
  EXPECT_GE(plan.layer(4).offset, plan.layer(2).offset + part);
  EXPECT_GE(plan.groups()[0].page_bytes, plan.layer(4).offset + part);
  // 2 sides × (3 layers of 8 + 2 layers of 32 values) × 2 bytes.
  EXPECT_GE(plan.bytes_per_token(), 2u * (3 * 8 + 2 * 32) * 2);
}

TEST(KvSequence, RowsSeeThePastOrTheirWindow) {
  const auto backend = make_reference_backend();
  const KvPlan plan(std::vector{full, windowed}, DType::f32, *backend);
  PagePool pool(plan, *backend);
  KvSequence sequence(pool, 200);
  sequence.reserve(130);
  EXPECT_EQ(sequence.reserved(), 192);
  EXPECT_EQ(sequence.row(0, 129).begin, 0);
  EXPECT_EQ(sequence.row(0, 129).end, 130);
  EXPECT_EQ(sequence.row(1, 129).begin, 60);
  EXPECT_EQ(sequence.row(1, 69).begin, 0);
  EXPECT_EQ(sequence.row(1, 70).begin, 1);
  EXPECT_NE(sequence.row(0, 0).pages[0], sequence.row(1, 0).pages[0]);
  EXPECT_NE(sequence.row(0, 0).pages[0], sequence.row(0, 0).pages[1]);
}

TEST(KvSequence, RewindsAndGivesPagesBack) {
  const auto backend = make_reference_backend();
  const KvPlan plan(std::vector{full}, DType::f32, *backend);
  PagePool pool(plan, *backend);
  {
    KvSequence sequence(pool, 1000);
    sequence.reserve(100);
    sequence.advance(100);
    sequence.rewind(7);
    EXPECT_EQ(sequence.size(), 7);
    EXPECT_THROW(sequence.rewind(8), InternalError);
    EXPECT_THROW(sequence.reserve(1001), InternalError);
    EXPECT_THROW(sequence.advance(128), InternalError);
  }
  const size_t bytes = pool.bytes();
  EXPECT_EQ(bytes, 2 * plan.groups()[0].page_bytes);
  KvSequence next(pool, 128);
  next.reserve(128);
  EXPECT_EQ(pool.bytes(), bytes);
}

}  // namespace
}  // namespace deskhand
