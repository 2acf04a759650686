#pragma once
// The messages of a conversation as JSON, with pictures that are named by their paths.
//
//   check_messages(messages, path);                 // [{"role": "user", "content": [{"type": "image", "path":
//   "a.png"}, picture_paths(messages);                        //    {"type": "text", "text": "What is it?"}]}] → a.png
//   chat.render({{"messages", safe_messages(tokenizer, messages)}});
//
// A content is a text or a list of pictures and texts.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/tokenizer.h"

namespace deskhand {

/// Throws FileError, "{what}: expected …", for anything else.
void check_messages(const nlohmann::ordered_json& messages, std::string_view what);

/// Whether a part of a content is a picture.
bool is_image(const nlohmann::ordered_json& part);

/// In the order of the messages.
std::vector<std::string> picture_paths(const nlohmann::ordered_json& messages);

/// With texts in which no control token is left: those of checked messages, or of ones made here.
nlohmann::ordered_json safe_messages(const Tokenizer& tokenizer, nlohmann::ordered_json messages);

}  // namespace deskhand
