#pragma once
// The text of a reply as it comes: whole UTF-8 characters, cut before the first stop text.
//
//   ReplyText reply({"</done>"}, on_text);
//   if (reply.push(tokenizer.token_bytes(id)) == ReplyText::met_stop) …
//   std::string text = reply.finish();
//
// What may be the beginning of a stop text is held back until it is known not to be one.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/tokenizer.h"

namespace deskhand {

class ReplyText {
 public:
  using Listener = std::function<void(std::string_view)>;

  ReplyText(std::vector<std::string> stop_texts, const Listener& listener, size_t expected_bytes);
  /// Takes the bytes of a token; false when a stop text has come. Then nothing more may be pushed.
  bool push(std::string_view bytes);
  /// The whole text.
  std::string finish();

 private:
  bool take(std::string_view characters);
  void emit(size_t count);

  std::vector<std::string> stop_texts_;
  const Listener& listener_;
  Utf8Stream characters_;
  std::string held_;  // characters not emitted yet
  std::string text_;
  bool stopped_ = false;
};

}  // namespace deskhand
