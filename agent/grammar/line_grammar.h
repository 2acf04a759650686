#pragma once
// Replies of the dialects that write calls as lines, as grammars.

#include <memory>

#include "agent/grammar/parts.h"

namespace deskhand {

enum class PointTags { point, box };

/// Thought and Action lines. Points from 0 to `largest`.
std::shared_ptr<const Grammar> action_line_grammar(PointTags tags, const Extent& largest);
/// One Python call in <action> tags.
std::shared_ptr<const Grammar> action_tag_grammar();

}  // namespace deskhand
