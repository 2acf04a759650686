#pragma once
// Deskhand's own tools, declared to models that are told about tools in general.
//
//   canonical_tools({.width = 1280, .height = 720})      // [{"type": "function", "function": {"name": "screenshot", …

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/dialect.h"
#include "agent/prompt/history.h"

namespace deskhand {

struct CanonicalToolStyle {
  int width = 1000, height = 1000;  ///< the largest x and y
  bool x_and_y = false;             ///< two arguments instead of coordinate: [x, y]
};

nlohmann::ordered_json canonical_tools(const CanonicalToolStyle& style);
/// One JSON per line.
std::string lines_of(const nlohmann::ordered_json& tools);
/// What such a model is told before the run. `points`: where x and y lie.
std::string canonical_instructions(std::string_view points);

/// A run for them: the task and the first picture, then replies, results as messages of tools, and pictures.
struct CanonicalChat {
  std::string system{};
  HistoryRule pictures{.keep = 3, .block = 2};
};
std::vector<Message> canonical_messages(const DialectInput& input, const CanonicalChat& chat);

}  // namespace deskhand
