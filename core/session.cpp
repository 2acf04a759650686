#include "core/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/log_probabilities.h"
#include "core/reply_text.h"
#include "core/token_state.h"

namespace deskhand {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// What all replies of a session share.
struct Voice {
  TokenState& state;
  const Tokenizer& tokenizer;
  std::span<const int32_t> end_ids;
  int32_t vocabulary;  // ids that may be chosen
};

/// One reply.
class Reply {
 public:
  Reply(const Voice& voice, const GenerateOptions& options, Constraint* constraint, const ReplyText::Listener& on_text)
      : voice_(voice),
        options_(options),
        constraint_(constraint),
        controls_(voice.tokenizer, options.control_texts),
        sampler_(options.sampling, voice.vocabulary),
        mask_(constraint != nullptr ? voice.vocabulary : 0),
        text_(options.stop_texts, on_text, static_cast<size_t>(std::clamp<int64_t>(options.max_tokens, 0, 4096)) * 8),
        first_(static_cast<int64_t>(voice.state.ids().size())) {
    const int64_t most = std::max<int64_t>(0, options.max_tokens);
    voice.state.reserve(std::min(voice.state.capacity() - first_, most) + first_);
  }

  Generation run(std::stop_token stop) {
    Generation out;
    const auto start = std::chrono::steady_clock::now();
    const int64_t passes = voice_.state.passes();
    std::optional<EndReason> end;
    while (!end) end = step(stop);
    out.reason = *end;
    out.text = text_.finish();
    const auto& ids = voice_.state.ids();
    out.ids.assign(ids.begin() + first_, ids.end() - (ended_by_token_ ? 1 : 0));
    out.forced_tokens = forced_;
    out.forward_passes = voice_.state.passes() - passes;
    out.decode_seconds = seconds_since(start);
    return out;
  }

 private:
  int64_t length() const { return static_cast<int64_t>(voice_.state.ids().size()) - first_; }

  /// Ids that the reply may still take.
  int64_t room() const {
    const int64_t context = voice_.state.capacity() - static_cast<int64_t>(voice_.state.ids().size());
    return std::min(options_.max_tokens - length(), context);
  }

  /// Adds one token or a stretch of forced ones; says when and why the reply has ended.
  std::optional<EndReason> step(std::stop_token stop) {
    if (constraint_ != nullptr && constraint_->must_end()) return EndReason::constraint_complete;
    if (stop.stop_requested()) return EndReason::stopped;
    if (room() <= 0) return length() >= options_.max_tokens ? EndReason::max_tokens : EndReason::context_full;
    if (constraint_ != nullptr) {
      const std::vector<int32_t> forced = forced_now();
      for (int32_t id : forced) {
        ++forced_;
        if (!take(id)) return EndReason::stop_text;
      }
      if (!forced.empty()) return std::nullopt;
      constraint_->allowed(mask_);
      if (constraint_->may_end()) {
        for (int32_t id : voice_.end_ids) mask_.set(id);
      }
    }
    const std::span<const float> logits = voice_.state.logits().first(static_cast<size_t>(voice_.vocabulary));
    const int32_t id = sampler_.sample(logits, voice_.state.ids(), constraint_ != nullptr ? &mask_ : nullptr);
    if (id < 0) throw std::runtime_error("no token of the model can continue the reply as its grammar demands");
    expect_finite(logits[static_cast<size_t>(id)]);  // the likeliest, or one that is drawn like it
    if (!options_.ignore_end && voice_.tokenizer.is_end(id)) {
      voice_.state.push(id);
      ended_by_token_ = true;
      return constraint_ != nullptr ? EndReason::constraint_complete : EndReason::end_token;
    }
    if (!take(id)) return EndReason::stop_text;
    return std::nullopt;
  }

  /// False when a stop text has come.
  bool take(int32_t id) {
    const std::string_view bytes = controls_.bytes(voice_.tokenizer, id);
    if (constraint_ != nullptr) constraint_->accept(bytes);
    const bool opens = length() == 0 && !voice_.tokenizer.is_control(id) && follows_no_text();
    voice_.state.push(id);
    // A SentencePiece model's mark before the first word of all is no space.
    return opens ? text_.push(voice_.tokenizer.decode({&id, 1})) : text_.push(bytes);
  }

  bool follows_no_text() const {
    const auto& ids = voice_.state.ids();
    return std::all_of(ids.begin(), ids.end(), [&](int32_t id) { return voice_.tokenizer.is_control(id); });
  }

  std::vector<int32_t> forced_now() const {
    const std::string bytes = constraint_->forced();
    if (bytes.empty()) return {};
    const std::unique_ptr<Constraint> after = constraint_->clone();
    after->accept(bytes);
    constexpr int64_t context = 8;  // tokens that decide how what follows is cut
    const std::span<const int32_t> ids = voice_.state.ids();
    const auto recent = ids.last(static_cast<size_t>(std::min(context, length())));
    std::vector<int32_t> out = forced_ids(voice_.tokenizer, recent, bytes, after->must_end(), controls_);
    if (static_cast<int64_t>(out.size()) > room()) out.resize(static_cast<size_t>(room()));
    return out;
  }

  const Voice& voice_;
  const GenerateOptions& options_;
  Constraint* constraint_;
  SpokenControls controls_;
  Sampler sampler_;
  TokenMask mask_;
  ReplyText text_;
  int64_t first_;  // ids before the reply
  int64_t forced_ = 0;
  bool ended_by_token_ = false;
};

class ModelSession final : public Session {
 public:
  ModelSession(ForwardQueue& queue, const Tokenizer& tokenizer, PrefixStore* prefixes)
      : queue_(queue),
        tokenizer_(tokenizer),
        prefixes_(prefixes),
        vocabulary_(
            static_cast<int32_t>(std::min<int64_t>(tokenizer.vocabulary_size(), queue.model().config().vocabulary))),
        state_(queue) {
    for (int32_t id = 0; id < vocabulary_; ++id) {
      if (tokenizer_.is_end(id)) end_ids_.push_back(id);
    }
  }

  const std::vector<int32_t>& ids() const override { return state_.ids(); }

  void set_prompt(std::span<const int32_t> ids, std::stop_token stop, int64_t lasting, PromptImages images) override {
    const auto size = static_cast<int64_t>(ids.size());
    if (size > state_.capacity()) {
      throw ContextFull(fmt::format("the prompt has {} tokens, the context holds {}", size, state_.capacity()));
    }
    for (const ImageSpan& span : images.spans()) {
      if (span.sees == RowSees::past || span.rows <= queue_.rows()) continue;
      throw ContextFull(fmt::format("a picture of {} rows that see each other needs chunks as long, these have {}",
                                    span.rows, queue_.rows()));
    }
    const auto start = std::chrono::steady_clock::now();
    if (prefixes_ != nullptr) prefixes_->load(ids);
    if (!images.empty()) lasting = images.has_attended() ? 0 : std::min(lasting, images.spans().front().begin);
    std::vector<int64_t> marks = ends_of_turns(ids);
    for (const ImageSpan& span : images.spans()) marks.insert(marks.end(), {span.begin, span.end()});
    reused_ = state_.set(ids, marks, stop, std::move(images));
    const auto fed = std::min<int64_t>(lasting, static_cast<int64_t>(state_.ids().size()));
    if (prefixes_ != nullptr && fed == lasting) prefixes_->save(ids.first(static_cast<size_t>(fed)));
    prompt_ = static_cast<int64_t>(state_.ids().size());
    prefill_seconds_ = seconds_since(start);
  }

  std::span<const float> logits() override { return state_.logits(); }

  void append(int32_t id) override {
    const auto size = static_cast<int64_t>(state_.ids().size());
    if (size >= state_.capacity()) throw ContextFull(fmt::format("the context of {} tokens is full", size));
    state_.push(id);
    state_.logits();
  }

  Generation generate(const GenerateOptions& options, Constraint* constraint,
                      const std::function<void(std::string_view)>& on_text, std::stop_token stop) override {
    const Voice voice{.state = state_, .tokenizer = tokenizer_, .end_ids = end_ids_, .vocabulary = vocabulary_};
    const ForwardQueue::Turn turn(queue_);
    Generation out = Reply(voice, options, constraint, on_text).run(stop);
    out.prompt_tokens = prompt_;
    out.reused_tokens = reused_;
    out.prefill_seconds = prefill_seconds_;
    return out;
  }

 private:
  /// Where later prompts are likely to part from this one: after each turn, and before the reply.
  std::vector<int64_t> ends_of_turns(std::span<const int32_t> ids) const {
    std::vector<int64_t> out;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (tokenizer_.is_end(ids[i])) out.push_back(static_cast<int64_t>(i) + 1);
    }
    if (ids.size() > 1) out.push_back(static_cast<int64_t>(ids.size()) - 1);
    return out;
  }

  ForwardQueue& queue_;
  const Tokenizer& tokenizer_;
  PrefixStore* prefixes_;
  int32_t vocabulary_;
  std::vector<int32_t> end_ids_;
  TokenState state_;
  int64_t prompt_ = 0, reused_ = 0;
  double prefill_seconds_ = 0;
};

}  // namespace

SpokenControls::SpokenControls(const Tokenizer& tokenizer, std::span<const std::string> texts) {
  for (const std::string& text : texts)
    if (const int32_t id = tokenizer.find(text); id >= 0 && tokenizer.is_control(id) && !tokenizer.is_end(id))
      entries_.push_back({text, id});
}

std::string_view SpokenControls::bytes(const Tokenizer& tokenizer, int32_t id) const {
  for (const auto& [text, control] : entries_)
    if (control == id) return text;
  return tokenizer.token_bytes(id);
}

std::vector<int32_t> SpokenControls::encode(const Tokenizer& tokenizer, std::string_view text) const {
  std::vector<int32_t> ids;
  const auto add = [&](std::string_view plain) {
    const std::vector<int32_t> more = tokenizer.encode(plain, SpecialTokens::literal);
    ids.insert(ids.end(), more.begin(), more.end());
  };
  while (!text.empty()) {
    size_t first = text.size(), length = 0;
    int32_t id = -1;
    for (const auto& [spelled, control] : entries_) {
      const size_t at = text.find(spelled);
      if (at >= first) continue;
      first = at;
      length = spelled.size();
      id = control;
    }
    if (first > 0) add(text.substr(0, first));
    if (id >= 0) ids.push_back(id);
    text.remove_prefix(first + length);
  }
  return ids;
}

std::vector<int32_t> forced_ids(const Tokenizer& tokenizer, std::span<const int32_t> recent, std::string_view forced,
                                bool nothing_follows, const SpokenControls& controls) {
  std::string text;
  for (int32_t id : recent) text += controls.bytes(tokenizer, id);
  text += forced;
  std::vector<int32_t> ids = controls.encode(tokenizer, text);
  size_t first = ids.size(), bytes = 0;
  while (first > 0 && bytes < forced.size()) bytes += controls.bytes(tokenizer, ids[--first]).size();
  ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(first));
  std::string back;
  for (int32_t id : ids) back += controls.bytes(tokenizer, id);
  if (back != forced) return {};
  if (!nothing_follows) ids.pop_back();
  return ids;
}

std::unique_ptr<Session> make_session(ForwardQueue& queue, const Tokenizer& tokenizer, PrefixStore* prefixes) {
  return std::make_unique<ModelSession>(queue, tokenizer, prefixes);
}

}  // namespace deskhand
