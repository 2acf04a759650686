#include "core/log_probabilities.h"

#include <algorithm>
#include <cmath>

#include "kernels/check.h"

namespace deskhand {
namespace {

/// ln softmax(logits)[id].
double log_probability(std::span<const float> logits, int32_t id) {
  CHECK(id >= 0 && id < static_cast<int64_t>(logits.size()), "id {}", id);
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return static_cast<double>(logits[static_cast<size_t>(id)] - largest) - std::log(sum);
}

}  // namespace

void expect_finite(double value) {
  if (std::isfinite(value)) return;
  throw ModelFileError("the network computes what is no number: the weights are damaged");
}

std::vector<double> log_probabilities(LanguageModel& model, Backend& backend, std::span<const int32_t> ids,
                                      int64_t from, const std::stop_token& stop) {
  const auto size = static_cast<int64_t>(ids.size());
  const int64_t vocabulary = model.config().vocabulary;
  CHECK(from > 0 && from <= size && size <= model.context(), "{} of {}", from, size);
  KvSequence sequence(model.cache(), model.context());
  Batch batch(model.decoder().plan(), model.max_rows());
  const auto room = backend.allocate(static_cast<size_t>(model.max_rows() * vocabulary) * sizeof(float));
  std::vector<double> out;
  out.reserve(static_cast<size_t>(size - from));
  while (sequence.size() < size - 1) {  // the last id is only foretold
    const int64_t first = sequence.size(), end = std::min(size - 1, first + model.max_rows());
    const int64_t scored = std::clamp(from - 1, first, end);  // the first row whose logits count
    sequence.prepare(end, {});
    batch.clear();
    batch.set_stop(stop);
    for (int64_t i = first; i < end; ++i) {
      batch.add(sequence, {.id = ids[static_cast<size_t>(i)], .position = i, .wants_logits = i >= scored});
    }
    const View logits{room->data(), DType::f32, end - scored, vocabulary};
    if (!model.decoder().forward(batch, logits)) {
      sequence.lose();
      return {};
    }
    sequence.advance(ids.subspan(static_cast<size_t>(first), static_cast<size_t>(end - first)));
    for (int64_t i = scored; i < end; ++i) {
      const std::span<const float> row(logits.row(i - scored), static_cast<size_t>(vocabulary));
      out.push_back(log_probability(row, ids[static_cast<size_t>(i + 1)]));
      expect_finite(out.back());
    }
  }
  return out;
}

}  // namespace deskhand
