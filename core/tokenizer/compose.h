#pragma once
// Unicode's NFC, for text of any shape: a megabyte of combining marks takes no more than n log n.
//
//   std::string out;
//   if (compose("e\u0301", out)) use(out);          // "é"; false and `out` untouched when the text is ASCII

#include <string>
#include <string_view>

namespace deskhand {

/// NFC of valid UTF-8. Returns false, and leaves `composed` alone, when nothing can change.
bool compose(std::string_view text, std::string& composed);

}  // namespace deskhand
