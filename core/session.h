#pragma once
// Replies of a language model: the loop from logits to tokens to text, under a constraint where there is one.
//
//   std::unique_ptr<Session> session = make_session(queue, tokenizer);
//
// The interface is core/engine.h. What is given must outlive the session.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engine.h"
#include "core/forward_queue.h"
#include "core/kv/prefix_store.h"

namespace deskhand {

/// Control tokens that are part of a reply's text.
class SpokenControls {
 public:
  SpokenControls() = default;
  /// Texts that are no control tokens of the model are ignored.
  SpokenControls(const Tokenizer& tokenizer, std::span<const std::string> texts);
  /// What a token adds to the text.
  std::string_view bytes(const Tokenizer& tokenizer, int32_t id) const;
  /// Ids of text in which these control tokens are spelled, others are not parsed.
  std::vector<int32_t> encode(const Tokenizer& tokenizer, std::string_view text) const;

 private:
  std::vector<std::pair<std::string, int32_t>> entries_;
};

/// `prefixes` may be null.
std::unique_ptr<Session> make_session(ForwardQueue& queue, const Tokenizer& tokenizer, PrefixStore* prefixes = nullptr);

/// Ids of `forced`, the bytes that must follow a reply whose last tokens are `recent`, tokenised in their context.
/// Without the last id, which may merge with what follows, unless nothing follows. Empty when the joint falls inside a
/// token or the tokenizer does not give the bytes back: then tokens are sampled.
std::vector<int32_t> forced_ids(const Tokenizer& tokenizer, std::span<const int32_t> recent, std::string_view forced,
                                bool nothing_follows, const SpokenControls& controls = {});

}  // namespace deskhand
