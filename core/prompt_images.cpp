#include "core/prompt_images.h"

#include <algorithm>
#include <stdexcept>

#include "kernels/check.h"

namespace deskhand {

void PromptImages::add(ImageSpan span) {
  CHECK(span.rows > 0 && span.image != nullptr, "{} rows", span.rows);
  CHECK(spans_.empty() || spans_.back().end() <= span.begin, "a picture at {}", span.begin);
  CHECK(!span.is_attended() || span.rows == 1, "{} rows", span.rows);
  CHECK(span.height == 0 || span.height * span.width == span.rows, "{} rows", span.rows);
  int64_t shift = shifts_.empty() ? 0 : shifts_.back();
  if (span.height > 0) shift += std::max(span.height, span.width) - span.rows;
  spans_.push_back(std::move(span));
  shifts_.push_back(shift);
}

void PromptImages::cut(int64_t size) {
  while (!spans_.empty() && spans_.back().begin >= size) {
    spans_.pop_back();
    shifts_.pop_back();
  }
}

bool PromptImages::has_attended() const {
  return std::any_of(spans_.begin(), spans_.end(), [](const ImageSpan& span) { return span.is_attended(); });
}

const ImageSpan* PromptImages::last_before(int64_t index) const {
  const auto behind = std::upper_bound(spans_.begin(), spans_.end(), index,
                                       [](int64_t i, const ImageSpan& span) { return i < span.begin; });
  return behind == spans_.begin() ? nullptr : &*std::prev(behind);
}

const ImageSpan* PromptImages::at(int64_t index) const {
  const ImageSpan* span = last_before(index);
  return span != nullptr && index < span->end() ? span : nullptr;
}

std::array<int32_t, PromptImages::axes> PromptImages::position(int64_t index) const {
  const ImageSpan* span = last_before(index);
  if (span == nullptr) return {static_cast<int32_t>(index), static_cast<int32_t>(index), static_cast<int32_t>(index)};
  const auto number = static_cast<size_t>(span - spans_.data());
  if (index < span->end() && span->height > 0) {
    const int64_t start = span->begin + (number > 0 ? shifts_[number - 1] : 0), cell = index - span->begin;
    return {static_cast<int32_t>(start), static_cast<int32_t>(start + cell / span->width),
            static_cast<int32_t>(start + cell % span->width)};
  }
  const auto position = static_cast<int32_t>(index + shifts_[number]);
  return {position, position, position};
}

int32_t ImageIds::first_id(const std::string& digest, int64_t rows) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = first_.find(digest); known != first_.end()) return known->second;
  if (next_ - rows < least) throw std::length_error("no numbers are left for pictures");
  const auto first = static_cast<int32_t>(next_);
  next_ -= rows;
  first_.emplace(digest, first);
  return first;
}

}  // namespace deskhand
