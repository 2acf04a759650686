#include "kernels/cpu/machine.h"

#include <gtest/gtest.h>

namespace deskhand {
namespace {

TEST(Machine, SpeedsAreOfThisWorld) {
  const MachineSpeed speed = measure_machine(1);
  EXPECT_GT(speed.read_gb_s, 0.1);
  EXPECT_LT(speed.read_gb_s, 1000);
  EXPECT_GT(speed.f32_flop_s, 1e9 / 10);
  EXPECT_LT(speed.f32_flop_s, 1e13);
  EXPECT_GT(speed.int8_op_s, 1e9 / 10);
  EXPECT_LT(speed.int8_op_s, 1e14);
}

TEST(Machine, PlainCppIsSlower) {
  EXPECT_LE(measure_machine(1, "generic").int8_op_s, measure_machine(1).int8_op_s * 1.5);
}

}  // namespace
}  // namespace deskhand
