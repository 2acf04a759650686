#include <fmt/format.h>

#include <algorithm>

#include "tools/locate.h"

namespace deskhand {
namespace {

std::optional<Target> locate(const ToolContext& context, const nlohmann::json&) {
  return target_of_keyboard(context);
}

/// Keys held down for a scope; what was down before stays down.
class HeldKeys {
 public:
  HeldKeys(Desktop& desktop, const std::string& chord) : desktop_(desktop), before_(desktop.held_keys()) {
    desktop_.press_key(chord);
  }
  ~HeldKeys() {
    try {
      const std::vector<std::string> now = desktop_.held_keys();
      for (auto name = now.rbegin(); name != now.rend(); ++name)
        if (std::find(before_.begin(), before_.end(), *name) == before_.end()) desktop_.release_key(*name);
    } catch (const std::exception&) {
      desktop_.release_all();
    }
  }
  HeldKeys(const HeldKeys&) = delete;
  HeldKeys& operator=(const HeldKeys&) = delete;

 private:
  Desktop& desktop_;
  std::vector<std::string> before_;
};

ToolResult run(const ToolContext& context, const nlohmann::json& input, const std::optional<Target>&) {
  const std::string chord = input["text"].get<std::string>();
  const std::chrono::duration<double> seconds(input["duration"].get<double>());
  const HeldKeys held(context.desktop, chord);
  const bool whole = context.clock.sleep(std::chrono::duration_cast<Clock::Duration>(seconds), context.stop);
  return {.ok = true,
          .text = whole ? fmt::format("held {} for {} s", chord, seconds.count()) : "stopped holding " + chord};
}

}  // namespace

extern const Tool tool_hold_key = {
    .name = "hold_key",
    .summary = "Hold a key or a chord down for some time.",
    .schema = R"({"type": "object", "required": ["text", "duration"], "properties": {
        "text": {"type": "string", "description": "in xdotool's names: Down, ctrl+Right"},
        "duration": {"type": "number", "minimum": 0, "maximum": 300, "description": "seconds"}}})",
    .risk = Risk::types,
    .locate = locate,
    .run = run,
};

}  // namespace deskhand
