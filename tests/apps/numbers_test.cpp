// Numbers on the command line: what is refused, and in which words.

#include "apps/cli/numbers.h"

#include <gmock/gmock.h>

#include "apps/cli/model_options.h"
#include "tests/support/program.h"

namespace deskhand {
namespace {

using ::testing::HasSubstr;
using testing::Ran;
using testing::run;

using Words = std::vector<std::string>;

void expect_refused(Words arguments, const std::string& complaint) {
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.code, 2) << ran.err;
  testing::expect_one_line(ran.err);
  EXPECT_THAT(ran.err, HasSubstr(complaint + ", got '" + arguments.back() + "'"));
}

TEST(Numbers, WholeOnesAreRefusedWithTheirLeast) {
  const std::vector<std::pair<Words, int>> options = {{{"ask", "hello", "-c"}, 0},
                                                      {{"ask", "hello", "--max-tokens"}, 1},
                                                      {{"ask", "hello", "--top-k"}, 0},
                                                      {{"models", "info", "-c"}, 0},
                                                      {{"bench", "-p"}, 0},
                                                      {{"bench", "-n"}, 0},
                                                      {{"bench", "--depth"}, 0},
                                                      {{"inspect", "x", "-n"}, 0},
                                                      {{"inspect", "--ids"}, 0},
                                                      {{"do", "task", "--max-steps"}, 1},
                                                      {{"perplexity", "text", "--windows"}, 1}};
  for (const auto& [words, least] : options) {
    for (const char* value : {"-1", "1.5", "", "x", "0x10", "1e3", "+1", " 1", "nan"}) {
      Words arguments = words;
      arguments.emplace_back(value);
      expect_refused(arguments, "must be a whole number ≥ " + std::to_string(least));
    }
    for (const char* value : {"99999999999999999999", "9223372036854775807", "2147483648"}) {
      Words arguments = words;
      arguments.emplace_back(value);
      expect_refused(arguments, "must be a whole number from " + std::to_string(least) + " to 2147483647");
    }
  }
  expect_refused({"ask", "hello", "--max-tokens", "0"}, "must be a whole number ≥ 1");
}

TEST(Numbers, WholeOnesWithALimitNameBoth) {
  expect_refused({"ask", "hello", "-t", "1025"}, "--threads: must be a whole number from 0 to 1024");
  expect_refused({"models", "quantize", "a", "b", "F16", "-t", "-1"},
                 "--threads: must be a whole number from 0 to 1024");
  expect_refused({"ask", "hello", "--cache", "x"}, "must be a whole number from 0 to 1048576");
  expect_refused({"bench", "--repeat", "0"}, "must be a whole number from 1 to 1000");
  expect_refused({"perplexity", "text", "--window", "2"}, "must be a whole number from 3 to 1048576");
  for (const char* seed : {"-1", "18446744073709551616", "1.0"}) {
    expect_refused({"ask", "hello", "--seed", seed}, "--seed: must be a whole number from 0 to 18446744073709551615");
  }
}

TEST(Numbers, RealOnesAreFiniteAndWithinTheirRange) {
  const std::vector<std::pair<std::string, std::string>> options = {
      {"--temp", "0 to 100"}, {"--top-p", "0 to 1"}, {"--min-p", "0 to 1"}, {"--repeat-penalty", "0.1 to 10"}};
  for (const auto& [name, range] : options) {
    for (const char* value : {"nan", "-nan", "inf", "-inf", "-1", "1e400", "101", "1x", "", "0x1"}) {
      expect_refused({"ask", "hello", name, value}, "must be a number from " + range);
    }
  }
  expect_refused({"do", "task", "--max-time", "nan"}, "must be a number from 0.001 to 1000000000");
  expect_refused({"do", "task", "--max-time", "0"}, "must be a number from 0.001 to 1000000000");
}

TEST(Numbers, LongOnesAreCutInTheMessage) {
  const Ran ran = run({"ask", "hello", "-c", std::string(3000, '9')});
  EXPECT_EQ(ran.code, 2);
  EXPECT_LT(ran.err.size(), 200u) << ran.err;
}

TEST(Numbers, WhatIsTakenArrives) {
  CLI::App app;
  ModelOptions model;
  SamplingOptions sampling;
  add_model_options(app, model);
  add_sampling_options(app, sampling);
  app.parse("-c 0064 -t 1024 --cache 010 --seed 18446744073709551615 --top-k 2147483647 --temp 1e-1 --kv BF16");
  EXPECT_EQ(model.context, 64);
  EXPECT_EQ(model.threads, 1024);
  EXPECT_EQ(model.cache_mib, 10u);
  EXPECT_EQ(model.kv, "bf16");
  EXPECT_EQ(sampling.seed, UINT64_MAX);
  EXPECT_EQ(sampling.top_k, INT32_MAX);
  EXPECT_FLOAT_EQ(*sampling.temperature, 0.1f);
}

}  // namespace
}  // namespace deskhand
