#pragma once
// A run as the model lived it: what it saw, what it said, what came of it.
//
//   std::vector<Turn> turns = {{.frame = first, .reply = "Action: Open it.\n<tool_call>…", .results = {{"click", ""}}},
//                              {.frame = second}};                       // the last turn asks for a reply

#include <memory>
#include <string>
#include <vector>

#include "platform/image.h"

namespace deskhand {

/// What the model is told of one of its calls, or of a reply that could not be read.
struct CallResult {
  std::string call{};                      ///< the dialect's name for it, or its id; empty for a whole reply
  std::string text{};                      ///< empty where there is nothing to say
  std::shared_ptr<const Image> picture{};  ///< what it was asked to look at closely
};

struct Turn {
  std::shared_ptr<const Image> frame{};
  bool same_screen = false;  ///< as in the turn before: where words can say so, it is not shown again
  std::string address{};     ///< of the page shown, where it is known
  std::string reply{};       ///< as it was said; not yet in the last turn
  bool readable = true;      ///< whether the reply was one in its dialect
  std::vector<CallResult> results{};
  std::string answer{};  ///< what the user said then
};

struct Day {
  int year = 1970, month = 1, day = 1;
};
/// "Tuesday, November 24, 2026" and "November 24, 2026". Throws std::invalid_argument for no date.
std::string day_with_weekday(const Day& day);
std::string day_in_words(const Day& day);

}  // namespace deskhand
