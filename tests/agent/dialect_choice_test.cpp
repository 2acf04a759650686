#include <gtest/gtest.h>

#include "agent/dialect.h"

namespace deskhand {
namespace {

std::string_view chosen(std::string name, std::string architecture, bool sees = true) {
  ModelInfo info;
  info.name = std::move(name);
  info.architecture = std::move(architecture);
  return choose_dialect(info, sees).name;
}

TEST(DialectChoice, GoesByNameThenByFamily) {
  EXPECT_EQ(chosen("Qwen3.5-4B", "qwen35"), "qwen35");
  EXPECT_EQ(chosen("my finetune", "qwen35moe"), "qwen35");
  EXPECT_EQ(chosen("Qwen3.6 35B A3B", "qwen35moe"), "qwen35");
  EXPECT_EQ(chosen("Qwen3.8-9B", "qwen35"), "qwen38");
  EXPECT_EQ(chosen("Qwen3-VL-8B-Instruct", "qwen3vl"), "qwen3vl");
  EXPECT_EQ(chosen("GUI-Owl-1.5-8B", "qwen3vl"), "guiowl");
  EXPECT_EQ(chosen("EvoCUA S2 8B", "qwen3vl"), "evocua");
  EXPECT_EQ(chosen("Qwen2.5-VL-7B", "qwen2vl"), "qwen25vl");
  EXPECT_EQ(chosen("Holo3-35B-A3B", "qwen35moe"), "holo");
  EXPECT_EQ(chosen("Holo3.1 4B", "qwen35"), "holo");
  EXPECT_EQ(chosen("Holo4-27B", "qwen35"), "holo4");
  EXPECT_EQ(chosen("Holo2-8B", "qwen3vl"), "holo_ground");
  EXPECT_EQ(chosen("UI-Venus-2-8B", "qwen3vl"), "venus2");
  EXPECT_EQ(chosen("UI-Venus-1.5-8B", "qwen3vl"), "venus_ground");
  EXPECT_EQ(chosen("UI-Venus-2-Ground-8B", "qwen3vl"), "venus_ground");
  EXPECT_EQ(chosen("UI-TARS-1.5-7B", "qwen2vl"), "uitars");
  EXPECT_EQ(chosen("ui_tars 7b dpo", "qwen2vl"), "uitars1");
  EXPECT_EQ(chosen("MAI-UI-8B", "qwen3vl"), "mai_ground");
  EXPECT_EQ(chosen("GTA1-7B-2507", "qwen2vl"), "gta1");
  EXPECT_EQ(chosen("Fara-7B", "qwen2vl"), "fara7");
  EXPECT_EQ(chosen("Fara-1.5-9B", "qwen35"), "fara");
  EXPECT_EQ(chosen("gemma-4-31B-it", "gemma4"), "gemma4");
  EXPECT_EQ(chosen("Llama 3.2 11B Vision", "mllama"), "llama3");
}

TEST(DialectChoice, WhatCannotSeeOrIsUnknownWritesAScript) {
  EXPECT_EQ(chosen("Qwen3.5-4B", "qwen35", false), "script");
  EXPECT_EQ(chosen("Qwen2.5 Coder 0.5B", "qwen2"), "script");
  EXPECT_EQ(chosen("", ""), "script");
}

}  // namespace
}  // namespace deskhand
