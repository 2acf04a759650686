#pragma once
// One line on the terminal that says how far long work is, written again and again; nothing when stderr is none.
//
//   ProgressLine line(context);
//   line.show([&] { return fmt::format("model.gguf 12 %"); });      // at most ten times a second
//
// The line is wiped when the object ends, so that remarks and errors stand alone.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "apps/cli/command.h"

namespace deskhand {

class ProgressLine {
 public:
  explicit ProgressLine(CommandContext& context) : context_(context) {}
  ~ProgressLine() { wipe(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::function<std::string()>& text);
  void wipe();

 private:
  CommandContext& context_;
  std::chrono::steady_clock::time_point next_{};
  bool shown_ = false;
};

}  // namespace deskhand
