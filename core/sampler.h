#pragma once
// From logits to the next token: greedy, temperature, top-k, top-p, min-p, repetition penalty, seed.
//
//   Sampler sampler({.temperature = 0.7f, .top_p = 0.9f, .seed = 1}, vocabulary);
//   int32_t id = sampler.sample(logits, history, mask);

#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "core/constraint/constraint.h"

namespace deskhand {

struct Sampling {
  float temperature = 0.0f;  ///< 0: greedy
  int32_t top_k = 0;         ///< 0: all
  float top_p = 1.0f;
  float min_p = 0.0f;
  float repeat_penalty = 1.0f;  ///< divides positive, multiplies negative logits of recent tokens
  int32_t repeat_last = 64;
  uint64_t seed = 0;  ///< the same seed gives the same text
};

class Sampler {
 public:
  Sampler(const Sampling& sampling, int32_t vocabulary_size);
  /// The chosen id; −1 when the mask allows none. Only ids of `mask` (all when null) can be chosen. Greedy ties go to
  /// the lowest id. Allocates nothing.
  int32_t sample(std::span<const float> logits, std::span<const int32_t> history, const TokenMask* mask);

 private:
  struct Candidate {
    float weight;  // logit / temperature, then its exponential relative to the largest
    int32_t id;
    static bool likelier(const Candidate& a, const Candidate& b) {
      return a.weight > b.weight || (a.weight == b.weight && a.id < b.id);
    }
  };
  void penalise(std::span<const float> logits, std::span<const int32_t> history);
  float adjusted(float logit, int32_t id) const;
  int32_t most_likely(std::span<const float> logits, const TokenMask* mask) const;
  int32_t draw(size_t count);
  size_t nucleus(size_t count, double total);

  Sampling sampling_;
  std::mt19937_64 random_;
  std::vector<Candidate> candidates_;
  std::vector<int32_t> penalised_;
};

}  // namespace deskhand
