#pragma once
// Pieces of the grammars of replies.
//
//   GrammarBuilder b;
//   b.build(b.sequence({thought(b), b.optional(prose(b)), call}));
//
// What stands here is what the dialects' parsers read without an error: keys have names, points lie in the picture.

#include <nlohmann/json.hpp>

#include "agent/reply/call.h"
#include "agent/reply/points.h"
#include "core/constraint/grammar.h"

namespace deskhand {

using ReplyExpression = GrammarBuilder::Expression;

/// Any text of `least` characters or more in which none of the marks stands.
ReplyExpression text_without(GrammarBuilder& b, NameList marks, uint32_t least);
/// Nothing, or reasoning and its closing tag: the template has opened it.
ReplyExpression thought(GrammarBuilder& b);
/// One line of words in which no tag and no brace begins, and its newline.
ReplyExpression prose(GrammarBuilder& b);
ReplyExpression whole_number(GrammarBuilder& b, int64_t first, int64_t last);

/// The largest legal x and y of a picture.
Extent largest_point(const PointRule& rule, const Extent& frame);

// Schemas.
nlohmann::ordered_json whole_schema(int64_t first, int64_t last);
nlohmann::ordered_json point_schema(const Extent& largest);
nlohmann::ordered_json word_schema(std::initializer_list<std::string_view> words);
nlohmann::ordered_json text_schema(int64_t least);
/// One line that begins with something to see.
nlohmann::ordered_json line_schema();
/// The names of keys that are offered.
const nlohmann::ordered_json& key_schema();
nlohmann::ordered_json key_list_schema(int64_t most);
nlohmann::ordered_json object_schema(nlohmann::ordered_json properties, nlohmann::ordered_json required);

}  // namespace deskhand
