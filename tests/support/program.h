#pragma once
// The program's commands within the test's own process.
//
//   TEST_F(Program, …) { const Ran ran = run({"doctor", "--json"}); EXPECT_EQ(ran.code, 0) << ran.err; }
//
// The fixture hides the user's display, models and settings.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "apps/cli/run.h"
#include "core/gguf_writer.h"
#include "tests/support/test_data.h"

namespace deskhand::testing {

struct Ran {
  int code = 0;
  std::string out, err;
};

inline Ran run(std::vector<std::string> arguments) {
  std::ostringstream out, err;
  Interrupts interrupts;
  const int code = run_program(std::move(arguments), {out, err}, interrupts);
  return {code, out.str(), err.str()};
}

/// One line that names the program and has nothing of the C++ library's wording.
inline void expect_one_line(const std::string& err) {
  EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
  EXPECT_EQ(err.rfind("deskhand: ", 0), 0u) << err;
  for (const char* foreign : {"filesystem error", "basic_", "std::"}) EXPECT_EQ(err.find(foreign), std::string::npos);
}

/// A model file with one key changed.
inline void write_changed(const std::filesystem::path& in, const std::filesystem::path& out, std::string_view key,
                          const MetadataValue& value) {
  const auto file = GgufFile::open(in);
  GgufWriter writer(out);
  for (const GgufPair& pair : file->pairs()) writer.copy(pair);
  writer.set(key, value);
  for (const TensorInfo& tensor : file->tensors()) writer.declare(tensor);
  for (const TensorInfo& tensor : file->tensors()) writer.write({tensor.data, tensor.bytes});
  writer.finish();
}

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("DESKHAND_MODEL");
    setenv("XDG_CONFIG_HOME", (folder_.path() / "config").c_str(), 1);
    setenv("XDG_DATA_HOME", (folder_.path() / "data").c_str(), 1);
    setenv("XDG_CACHE_HOME", (folder_.path() / "cache").c_str(), 1);
    setenv("HF_HOME", (folder_.path() / "hub").c_str(), 1);
    for (const char* name : {"HF_TOKEN", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_HUB_OFFLINE"}) unsetenv(name);
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }
  TemporaryFolder folder_;
};

}  // namespace deskhand::testing
