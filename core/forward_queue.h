#pragma once
// Brings the rows of several sequences together into batches.
//
//   ForwardQueue queue(model, backend, 128);
//   queue.run({.sequence = sequence, .ids = ids, .logits = logits});      // from any thread, returns when all are fed
//
// A batch holds first the rows of those who wait for one more token, then equal parts of prompts, up to its limit: a
// long prompt delays what is beside it by a batch, not by the whole prompt. One of the waiting threads runs the batch
// for all.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/language_model.h"

namespace deskhand {

class ForwardQueue {
 public:
  /// What one sequence wants fed at its end.
  struct Feed {
    KvSequence& sequence;
    std::span<const int32_t> ids;
    float* logits = nullptr;              ///< after the last id [vocabulary]; null: not wanted
    std::span<const int64_t> marks = {};  ///< lengths of the sequence after which a state is to be saved
    std::stop_token stop = {};
    const PromptImages* images = nullptr;  ///< among the sequence's ids, encoded; null: none
  };
  struct Fed {
    bool whole = false;  ///< else it was stopped: the sequence's size says how far it came
    int64_t passes = 0;  ///< forward passes with rows of this feed
  };

  /// `rows`: the most of a batch.
  ForwardQueue(LanguageModel& model, Backend& backend, int64_t rows);

  LanguageModel& model() { return model_; }
  Backend& backend() { return backend_; }
  Fed run(const Feed& feed);
  /// The most of a batch.
  int64_t rows() const { return batch_.max_rows(); }
  /// Batches so far.
  int64_t batches() const { return batches_; }

  /// While it lives its thread is about to feed one token after another: batches wait a moment for it.
  class Turn {
   public:
    explicit Turn(ForwardQueue& queue);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    ForwardQueue& queue_;
  };

 private:
  struct Entry {
    const Feed& feed;
    std::thread::id thread = std::this_thread::get_id();
    // Of the leader, without the mutex:
    int64_t fed = 0, rows = 0, passes = 0;  // rows: in the batch that is being made
    bool passed_over = false;               // no room in the last batch
    bool over = false;
    std::exception_ptr error = nullptr;
    // Of the mutex: over, and no longer among those that wait. Its owner is free to go.
    bool done = false;

    /// About `share` rows, so many that no picture is cut whose rows see all of it; none when `room` is too little.
    int64_t whole_rows(int64_t share, int64_t room) const;
    int64_t left() const { return static_cast<int64_t>(feed.ids.size()) - fed; }
    bool stopped() const { return feed.stop.stop_requested(); }
    /// It is over with the exception that is being handled.
    void fail() {
      error = std::current_exception();
      over = true;
    }
  };

  void lead(std::unique_lock<std::mutex>& lock);
  bool all_turns_wait() const;
  void choose();
  /// False when it was stopped before there were rows.
  bool add_rows(Entry& entry);
  bool remember(const VisualMemory::Sight& sight, const std::stop_token& stop);
  void fill();
  void forward();
  View logits_room(int64_t rows);
  void finish(Entry& entry, bool fed);

  LanguageModel& model_;
  Backend& backend_;
  Batch batch_;                     // the leader's, as are the next two
  std::vector<Entry*> chosen_;      // with rows in the batch
  std::unique_ptr<Buffer> logits_;  // f32, for several rows that want them

  std::atomic<int64_t> batches_ = 0;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::vector<Entry*> waiting_;
  bool led_ = false;
  std::vector<std::thread::id> turns_;
};

}  // namespace deskhand
