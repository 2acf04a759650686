#pragma once
// Replies with calls of declared tools, and of models that find one place, as grammars.
//
//   json_tool_grammar(canonical_tools({.width = 1280, .height = 720}), {.before = "<tool_call>\n", .after = …})

#include <memory>
#include <string>

#include "agent/grammar/parts.h"

namespace deskhand {

struct JsonToolStyle {
  std::string before{}, after{};        ///< a call
  std::string arguments = "arguments";  ///< the member that holds them
  bool thinks = true;                   ///< reasoning and a line of prose may come first
};

/// Tools of OpenAI's form. Texts and keys are bounded to what the tools take.
std::shared_ptr<const Grammar> json_tool_grammar(const nlohmann::ordered_json& tools, const JsonToolStyle& style);
std::shared_ptr<const Grammar> xml_tool_grammar(const nlohmann::ordered_json& tools, uint32_t most_calls);
/// Gemma 4's notation.
std::shared_ptr<const Grammar> gemma_tool_grammar(const nlohmann::ordered_json& tools);

/// The same parameters with the names of keys, and texts that are not empty where something is typed.
nlohmann::ordered_json bounded_parameters(nlohmann::ordered_json parameters);

/// before X between Y after.
struct PointNotation {
  std::string before{}, between{}, after{};
  std::string none{};    ///< how it says that there is no such place; empty: it cannot
  bool reasons = false;  ///< in <grounding_think> tags first
};
std::shared_ptr<const Grammar> point_grammar(const PointNotation& notation, const Extent& largest);

}  // namespace deskhand
