// Control groups of both versions, as the system and as containers show them; and what a CPU quota comes to.
#include "kernels/control_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "kernels/cpu/cores.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ControlGroups : public ::testing::Test {
 protected:
  std::vector<fs::path> of(std::string_view controller, const char* membership) {
    std::ofstream(folder_.path() / "cgroup") << membership;
    return control_groups(controller, folder_.path() / "cgroup", folder_.path());
  }
  fs::path make(const char* group) {
    fs::create_directories(folder_.path() / group);
    return folder_.path() / group;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(ControlGroups, OfVersionTwoHaveAllControllers) {
  const fs::path inner = make("user/app");
  const auto found = ElementsAre(inner, inner.parent_path(), folder_.path());
  EXPECT_THAT(of("cpu", "0::/user/app\n"), found);
  EXPECT_THAT(of("memory", "0::/user/app\n"), found);
}

TEST_F(ControlGroups, OfVersionOneHaveAMountPerController) {
  const fs::path cpu = make("cpu,cpuacct"), app = make("cpu,cpuacct/app"), memory = make("memory");
  const char* membership = "4:memory:/\n3:cpuset:/x\n2:cpu,cpuacct:/app\n";
  EXPECT_THAT(of("cpu", membership), ElementsAre(app, cpu));
  EXPECT_THAT(of("memory", membership), ElementsAre(memory));
  EXPECT_THAT(of("cpuacc", membership), IsEmpty());
}

TEST_F(ControlGroups, OfAContainerThatSeesItsOwnAsTheRoot) {
  const fs::path cpu = make("cpu");
  EXPECT_THAT(of("cpu", "1:cpu:/docker/0123\n"), ElementsAre(cpu));
}

TEST_F(ControlGroups, WhatIsNoMembershipIsLeftOut) {
  EXPECT_THAT(of("cpu", "nonsense\n\n:\n1:cpu\n"), IsEmpty());
  EXPECT_THAT(control_groups("cpu", folder_.path() / "absent", folder_.path()), IsEmpty());
}

TEST(Cores, OfAQuota) {
  EXPECT_EQ(cpu::quota_cores("200000 100000"), 2);
  EXPECT_EQ(cpu::quota_cores("150000 100000"), 2);
  EXPECT_EQ(cpu::quota_cores("1000 100000"), 1);
  EXPECT_EQ(cpu::quota_cores("9223372036854775807 100000"), 4096);
  EXPECT_EQ(cpu::quota_cores("max 100000"), std::nullopt);
  EXPECT_EQ(cpu::quota_cores("-1 100000"), std::nullopt);
  EXPECT_EQ(cpu::quota_cores(""), std::nullopt);
  EXPECT_EQ(cpu::quota_cores(" "), std::nullopt);
  EXPECT_EQ(cpu::quota_cores("5"), std::nullopt);
  EXPECT_EQ(cpu::quota_cores("5 0"), std::nullopt);
}

}  // namespace
}  // namespace deskhand
