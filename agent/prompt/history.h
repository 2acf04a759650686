#pragma once
// How much of a run is told again. What is dropped is dropped in blocks, by the number of turns alone: between two such
// moments the messages of a step begin with those of the step before, and so the tokens do.
//
//   dropped(12, {.keep = 5, .block = 3})      // 9 of 12: 4 are left, and 3 more can come

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "agent/prompt/turn.h"
#include "agent/transcript.h"

namespace deskhand {

struct HistoryRule {
  size_t keep = 0;   ///< at most; 0: all
  size_t block = 1;  ///< dropped together
};

/// How many of `count` are dropped, the oldest.
size_t dropped(size_t count, const HistoryRule& rule);

/// The first turn whose picture is shown. A screen that stays as it is counts once.
size_t first_shown(std::span<const Turn> turns, const HistoryRule& rule);
/// Puts what the calls of a turn looked at closely in front.
void add_pictures(const Turn& turn, Message& message);

/// A picture, and texts around it that are not empty.
Message user_turn(std::string before, std::shared_ptr<const Image> picture, std::string after);
/// What the model is told after a turn: results and the user's words, one per line; empty for nothing.
std::string told_after(const Turn& turn);

}  // namespace deskhand
