#pragma once
// A row of token ids and the state of the network after them.
//
//   TokenState state(queue);
//   state.set(ids);                             // keeps every prefix that is known, feeds the rest in chunks
//   std::span<const float> logits = state.logits();
//   state.push(id);                             // fed with the next logits()
//
// Ids that were pushed but not fed go together in one forward pass when logits are asked for.

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "core/forward_queue.h"
#include "core/prompt_images.h"

namespace deskhand {

class TokenState {
 public:
  explicit TokenState(ForwardQueue& queue);

  const std::vector<int32_t>& ids() const { return ids_; }
  /// Tokens whose keys and values are held; the rest of ids() is fed on demand.
  int64_t fed() const { return sequence_.size(); }
  int64_t capacity() const { return sequence_.capacity(); }
  /// Forward passes so far.
  int64_t passes() const { return passes_; }

  /// Makes the ids exactly these and feeds them. Returns how many did not need to be fed. When stopped, ids() ends with
  /// what was fed, less a picture that was not fed as a whole. The ids must be in the vocabulary, or those of `images`,
  /// and fit the capacity (CHECK). `marks`: numbers of ids after which a later text is likely to differ; recurrent
  /// layers save their state there.
  int64_t set(std::span<const int32_t> ids, std::span<const int64_t> marks = {}, std::stop_token stop = {},
              PromptImages images = {});
  /// Takes the memory for `tokens` ids in all, so that what follows allocates nothing.
  void reserve(int64_t tokens);
  void push(int32_t id);
  /// Forgets all ids from `size` on, and those of a picture that `size` lies inside.
  void rewind(int64_t size);
  /// Logits after the last id [vocabulary]; valid until the next call. There must be an id.
  std::span<const float> logits();

 private:
  /// Feeds all ids that are not fed. False when stopped.
  bool feed(std::span<const int64_t> marks, const std::stop_token& stop);
  /// The ids before `end`.
  bool feed_to(int64_t end, std::span<const int64_t> marks, const std::stop_token& stop);

  ForwardQueue& queue_;
  KvSequence sequence_;
  std::vector<int32_t> ids_;
  PromptImages images_;
  std::unique_ptr<Buffer> logits_;  // f32 [vocabulary]
  int64_t logits_after_ = -1;       // ids before the logits held; −1: none
  int64_t passes_ = 0;
};

}  // namespace deskhand
