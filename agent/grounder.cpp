#include "agent/grounder.h"

#include <algorithm>

#include "agent/turn_log.h"

namespace deskhand {
namespace {

/// A quarter of the picture, with the point in the middle as far as the borders let it.
ScreenRect part_around(ScreenPoint point, const Image& picture) {
  const int width = picture.width / 2, height = picture.height / 2;
  const int x = std::clamp(point.x - width / 2, 0, picture.width - width);
  const int y = std::clamp(point.y - height / 2, 0, picture.height - height);
  return {x, y, x + width, y + height};
}

}  // namespace

std::optional<ScreenPoint> Grounder::look(const Image& picture, ScreenRect part, const std::string& what,
                                          std::stop_token stop) {
  TurnLog log(dialect_.frame, eyes_);
  log.look(picture, part);
  const DialectPrompt prompt = dialect_.prompt({.goal = what, .turns = log.turns()});
  const MindReply reply = mind_.reply(request_of(dialect_, prompt), nullptr, stop);
  if (stop.stop_requested()) return std::nullopt;
  for (const Action& action : parse_reply(dialect_, reply.text, log.sizes())) {
    if (action.name != "point") continue;
    const nlohmann::json& at = action.input.at("coordinate");
    return ScreenPoint{part.x0 + at.at(0).get<int>(), part.y0 + at.at(1).get<int>()};
  }
  return std::nullopt;
}

std::optional<ScreenPoint> Grounder::find(const Image& picture, const std::string& what, std::stop_token stop) {
  const std::optional<ScreenPoint> first = look(picture, picture.bounds(), what, stop);
  if (!first || std::max(picture.width, picture.height) < zooms_from) return first;
  try {
    const std::optional<ScreenPoint> second = look(picture, part_around(*first, picture), what, stop);
    return second ? second : first;
  } catch (const DialectError&) {
    return first;
  }
}

}  // namespace deskhand
