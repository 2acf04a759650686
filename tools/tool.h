#pragma once
// What a model can do: one file per tool in tools/catalog/.
//
//   const Tool* tool = find_tool("click_element");
//   std::optional<Target> target = tool->locate(context, {{"name", "Submit"}});   // what the policy judges
//   ToolResult result = tool->run(context, {{"name", "Submit"}}, target);
//
// A failure that the model can do something about is a ToolResult with ok = false, never an exception: call through
// `locate_target` and `run_tool`, which turn ToolError and InputError into one. DesktopError passes through: the
// desktop is gone.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>

#include "platform/desktop.h"
#include "platform/image.h"
#include "tools/clock.h"
#include "vision/screen_reader.h"

namespace deskhand {

/// The model's mistake, in words that it reads: a missing argument, an unknown name, a point outside the picture.
class ToolError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What was to be acted on is not on the screen: look again.
class NoSuchTarget : public ToolError {
  using ToolError::ToolError;
};

/// What a tool can do to the world.
enum class Risk {
  looks,   ///< reads the screen, waits, moves the pointer, lets go of a key
  points,  ///< uses the buttons of the mouse
  types,   ///< uses the keyboard
  talks,   ///< asks the user
  ends,    ///< ends the task
};

/// Where an action lands.
struct Target {
  ScreenPoint point{};
  ScreenRect box{};                        ///< of the element, else a small box around the point
  std::optional<ScreenElement> element{};  ///< what is under the point, if anything is known
  std::optional<Window> window{};          ///< the window under the point
  std::shared_ptr<const Target> drop{};    ///< of a drag: where it ends
};

struct ToolResult {
  bool ok = true;
  std::string text{};            ///< for the model
  std::optional<Image> image{};  ///< `screenshot` and `zoom`
  bool finished = false;         ///< `done` alone
  bool success = false;          ///< with `finished`: what the model says of its own work
  bool nothing_to_do = false;    ///< the box is already ticked, a key is held: no effect is expected
};

/// What tools work with. Everything is borrowed.
struct ToolContext {
  Desktop& desktop;
  Clock& clock;
  const Screen& screen;  ///< as judged
  const FrameMap& map;   ///< of the picture that the model saw; coordinates of calls are its pixels
  std::stop_token stop{};
  std::function<std::string(const std::string& question)> ask{};  ///< the user's answer
};

struct Tool {
  std::string_view name{};
  std::string_view summary{};
  std::string_view schema{};  ///< JSON Schema of the input, as text
  Risk risk = Risk::looks;
  bool idempotent = false;
  /// Null for tools without a place on the screen. Empty: it acts wherever the keyboard focus is.
  std::optional<Target> (*locate)(const ToolContext& context, const nlohmann::json& input) = nullptr;
  ToolResult (*run)(const ToolContext& context, const nlohmann::json& input,
                    const std::optional<Target>& target) = nullptr;
};

/// All tools, by name.
std::span<const Tool* const> all_tools();
/// Null when there is none of this name.
const Tool* find_tool(std::string_view name);

/// Throws ToolError when the input lacks what the schema requires, has a wrong type or something unknown.
void check_input(const Tool& tool, const nlohmann::json& input);
/// Checks the input and finds the place. Throws ToolError.
std::optional<Target> locate_target(const Tool& tool, const ToolContext& context, const nlohmann::json& input);
/// Runs; ToolError, InputError and std::invalid_argument become a result with ok = false.
ToolResult run_tool(const Tool& tool, const ToolContext& context, const nlohmann::json& input,
                    const std::optional<Target>& target);

}  // namespace deskhand
