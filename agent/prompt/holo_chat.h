#pragma once
// Runs as H Company's models read them: observations, and the output of each tool.

#include <string>
#include <vector>

#include "agent/dialect.h"
#include "agent/prompt/history.h"

namespace deskhand {

/// The desktop tools, [{"name", "description", "properties", "required"}].
const nlohmann::ordered_json& holo_tools();
/// As functions of OpenAI's form.
nlohmann::ordered_json holo_functions();
std::string holo_instructions(std::string_view who);

struct HoloChat {
  std::string system{};
  HistoryRule pictures{.keep = 3, .block = 2};
  bool tool_turns = false;  ///< results in messages of tools, and the task as it stands
  std::string (*said)(std::string_view reply,
                      bool fresh) = nullptr;  ///< what is kept of a reply; fresh: with its picture
};
std::vector<Message> holo_messages(const DialectInput& input, const HoloChat& chat);

}  // namespace deskhand
