#pragma once
// Replies with calls of computer_use, as a grammar: one variant of the arguments per action.
//
//   computer_use_grammar(tool, frame, CallNotation::xml)

#include <memory>
#include <vector>

#include "agent/grammar/parts.h"
#include "agent/reply/computer_use.h"

namespace deskhand {

enum class CallNotation { xml, json };

/// The schemas of the arguments, `action` first.
std::vector<nlohmann::ordered_json> computer_use_variants(const ComputerUse& tool, const Extent& frame);
std::shared_ptr<const Grammar> computer_use_grammar(const ComputerUse& tool, const Extent& frame,
                                                    CallNotation notation);

}  // namespace deskhand
