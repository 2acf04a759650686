#include "core/sampler.h"

#include <algorithm>
#include <cmath>

namespace deskhand {
namespace {

/// Logits of a hostile model may be anything; what is not a number is never chosen.
float finite(float value) {
  constexpr float bound = 1e30f;
  return std::isnan(value) ? -bound : std::clamp(value, -bound, bound);
}

}  // namespace

Sampler::Sampler(const Sampling& sampling, int32_t vocabulary_size)
    : sampling_(sampling), random_(sampling.seed), candidates_(static_cast<size_t>(vocabulary_size)) {
  penalised_.reserve(static_cast<size_t>(std::max(0, sampling.repeat_last)));
}

int32_t Sampler::sample(std::span<const float> logits, std::span<const int32_t> history, const TokenMask* mask) {
  penalise(logits, history);
  if (sampling_.temperature <= 0.0f) return most_likely(logits, mask);
  size_t count = 0;
  for (size_t i = 0; i < logits.size() && i < candidates_.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    if (mask != nullptr && !mask->test(id)) continue;
    candidates_[count++] = {.weight = finite(adjusted(logits[i], id) / sampling_.temperature), .id = id};
  }
  if (count == 0) return -1;
  return draw(count);
}

/// Remembers which ids the penalty applies to, sorted.
void Sampler::penalise(std::span<const float> logits, std::span<const int32_t> history) {
  penalised_.clear();
  if (sampling_.repeat_penalty == 1.0f || sampling_.repeat_last <= 0) return;
  const size_t last = std::min(history.size(), static_cast<size_t>(sampling_.repeat_last));
  for (int32_t id : history.last(last)) {
    if (id >= 0 && static_cast<size_t>(id) < logits.size()) penalised_.push_back(id);
  }
  std::sort(penalised_.begin(), penalised_.end());
}

float Sampler::adjusted(float logit, int32_t id) const {
  if (penalised_.empty() || !std::binary_search(penalised_.begin(), penalised_.end(), id)) return logit;
  return logit > 0.0f ? logit / sampling_.repeat_penalty : logit * sampling_.repeat_penalty;
}

int32_t Sampler::most_likely(std::span<const float> logits, const TokenMask* mask) const {
  int32_t best = -1;
  float best_logit = 0.0f;
  for (size_t i = 0; i < logits.size() && i < candidates_.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    if (mask != nullptr && !mask->test(id)) continue;
    const float logit = finite(adjusted(logits[i], id));
    if (best < 0 || logit > best_logit) {
      best = id;
      best_logit = logit;
    }
  }
  return best;
}

/// Draws among the first `count` candidates, whose weights are logits: top-k, then top-p, then min-p.
int32_t Sampler::draw(size_t count) {
  const auto begin = candidates_.begin();
  const auto at = [&](size_t i) { return begin + static_cast<std::ptrdiff_t>(i); };
  if (sampling_.top_k > 0 && static_cast<size_t>(sampling_.top_k) < count) {
    const auto keep = static_cast<size_t>(sampling_.top_k);
    std::nth_element(begin, at(keep), at(count), Candidate::likelier);
    count = keep;
  }
  const float most = std::min_element(begin, at(count), Candidate::likelier)->weight;
  double total = 0.0;
  for (auto c = begin; c != at(count); ++c) total += c->weight = std::exp(c->weight - most);
  if (sampling_.top_p < 1.0f) count = nucleus(count, total);
  if (sampling_.min_p > 0.0f) {
    const auto kept = std::partition(begin, at(count), [&](const Candidate& c) { return c.weight >= sampling_.min_p; });
    count = std::max<size_t>(1, static_cast<size_t>(kept - begin));  // the likeliest has the weight 1
  }
  total = 0.0;
  for (auto c = begin; c != at(count); ++c) total += c->weight;
  constexpr double unit = 1.0 / 9007199254740992.0;  // 2^-53
  double rest = static_cast<double>(random_() >> 11) * unit * total;
  for (auto c = begin; c != at(count); ++c) {
    rest -= c->weight;
    if (rest < 0.0) return c->id;
  }
  return at(count - 1)->id;
}

/// The smallest number of likeliest candidates that hold top_p of the total weight; sorts them to the front.
size_t Sampler::nucleus(size_t count, double total) {
  const auto at = [&](size_t i) { return candidates_.begin() + static_cast<std::ptrdiff_t>(i); };
  double sum = 0.0;
  size_t sorted = 0;
  for (size_t step = 64; sorted < count; step *= 4) {
    const size_t end = std::min(count, sorted + step);
    std::partial_sort(at(sorted), at(end), at(count), Candidate::likelier);
    for (; sorted < end; ++sorted) {
      sum += candidates_[sorted].weight;
      if (sum >= static_cast<double>(sampling_.top_p) * total) return sorted + 1;
    }
  }
  return count;
}

}  // namespace deskhand
