#pragma once
// Replies of a language model: the loop from logits to tokens to text, under a constraint where there is one.
//
//   std::unique_ptr<Session> session = make_session(model, backend, tokenizer, {.chunk = 512});
//
// The interface is core/engine.h. What is given must outlive the session; sessions of one model take turns.

#include <memory>

#include "core/engine.h"
#include "core/language_model.h"

namespace deskhand {

struct SessionParts {
  LanguageModel& model;
  Backend& backend;
  const Tokenizer& tokenizer;
  int64_t prefill_chunk = 512;
};

std::unique_ptr<Session> make_session(const SessionParts& parts);

/// Ids of `forced`, the bytes that must follow a reply whose last tokens are `recent`, tokenised in their context.
/// Without the last id, which may merge with what follows, unless nothing follows. Empty when the joint falls inside a
/// token or the tokenizer does not give the bytes back: then tokens are sampled.
std::vector<int32_t> forced_ids(const Tokenizer& tokenizer, std::span<const int32_t> recent, std::string_view forced,
                                bool nothing_follows);

}  // namespace deskhand
