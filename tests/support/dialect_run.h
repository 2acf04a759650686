#pragma once
// A run of many turns, as a dialect is asked about it.
//
//   DialectRun run({1920, 1080}, dialect);
//   dialect.prompt(run.input(5));               // four turns done, the fifth is asked for

#include <string>

#include "agent/dialect.h"
#include "tests/support/dialect_clicks.h"

namespace deskhand::testing {

class DialectRun {
 public:
  DialectRun(Extent screen, const Dialect& dialect) : dialect_(dialect) {
    sizes_ = {.frame = model_frame(screen, dialect.frame), .screen = screen};
  }

  const ViewSizes& sizes() const { return sizes_; }

  /// Every turn has a picture of its own; every seventh comes back with an error for the model.
  DialectInput input(int turns) const {
    DialectInput input{.goal = "Press OK", .today = {2026, 11, 24}};
    for (int i = 1; i <= turns; ++i) {
      auto frame = std::make_shared<Image>();
      frame->width = sizes_.frame.width;
      frame->height = sizes_.frame.height;
      frame->data = {static_cast<uint8_t>(i)};  // enough to tell them apart
      Turn turn{.frame = std::move(frame)};
      if (i < turns) {
        turn.reply = click_reply(dialect_.name, i, i);
        turn.results = {{"left_click", i % 7 == 0 ? "the target is disabled" : ""}};
      }
      input.turns.push_back(std::move(turn));
    }
    return input;
  }

 private:
  const Dialect& dialect_;
  ViewSizes sizes_;
};

}  // namespace deskhand::testing
