#pragma once
// What a network thinks of a given text: the probability of each token after those before it.
//
//   log_probabilities(model, *backend, ids, 257, stop)     // of ids[257], ids[258], …
//
// Uses the model by itself: not while its sessions are at work.

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/language_model.h"

namespace deskhand {

/// Natural logarithms; 0 < from ≤ ids.size(). Empty when stopped. The ids must fit the context (CHECK).
std::vector<double> log_probabilities(LanguageModel& model, Backend& backend, std::span<const int32_t> ids,
                                      int64_t from, const std::stop_token& stop);

/// Throws ModelFileError for what no sound network computes: infinity or no number, as logit or probability.
void expect_finite(double value);

}  // namespace deskhand
