#include "core/reply_text.h"

#include <algorithm>

namespace deskhand {
namespace {

/// Length of the longest end of `text` that begins `stop` but is not all of it.
size_t beginning_at_end(std::string_view text, std::string_view stop) {
  size_t length = std::min(text.size(), stop.empty() ? 0 : stop.size() - 1);
  while (length > 0 && text.substr(text.size() - length) != stop.substr(0, length)) --length;
  return length;
}

}  // namespace

ReplyText::ReplyText(std::vector<std::string> stop_texts, const Listener& listener, size_t expected_bytes)
    : stop_texts_(std::move(stop_texts)), listener_(listener) {
  std::erase(stop_texts_, "");
  text_.reserve(expected_bytes);
  held_.reserve(expected_bytes);
}

bool ReplyText::push(std::string_view bytes) {
  return take(characters_.push(bytes));
}

bool ReplyText::take(std::string_view characters) {
  held_ += characters;
  size_t stop_at = std::string::npos, keep = 0;
  for (const std::string& stop : stop_texts_) {
    stop_at = std::min(stop_at, held_.find(stop));
    keep = std::max(keep, beginning_at_end(held_, stop));
  }
  stopped_ = stop_at != std::string::npos;
  emit(stopped_ ? stop_at : held_.size() - keep);
  return !stopped_;
}

void ReplyText::emit(size_t count) {
  if (count == 0) return;
  text_.append(held_, 0, count);
  if (listener_) listener_(std::string_view(held_).substr(0, count));
  held_.erase(0, count);
}

std::string ReplyText::finish() {
  if (!stopped_ && take(characters_.finish())) emit(held_.size());
  return std::move(text_);
}

}  // namespace deskhand
