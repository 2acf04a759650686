#include "core/perplexity.h"

#include <algorithm>
#include <cmath>

#include "kernels/check.h"

namespace deskhand {
namespace {

/// Mean and spread of −ln p.
class Surprise {
 public:
  void add(double log_probability) {
    sum_ -= log_probability;
    squares_ += log_probability * log_probability;
    ++count_;
  }
  Perplexity so_far(int64_t windows) const {
    Perplexity out{.windows = windows, .tokens = count_};
    if (count_ == 0) return out;
    const auto count = static_cast<double>(count_);
    const double mean = sum_ / count, variance = squares_ / count - mean * mean;
    out.value = std::exp(mean);
    if (count_ > 1 && variance > 0) out.error = out.value * std::sqrt(variance / (count - 1));
    return out;
  }

 private:
  double sum_ = 0, squares_ = 0;
  int64_t count_ = 0;
};

}  // namespace

int64_t perplexity_windows(int64_t tokens, const PerplexityOptions& options) {
  const int64_t windows = tokens / options.window;
  return options.most_windows > 0 ? std::min(windows, options.most_windows) : windows;
}

Perplexity measure_perplexity(Engine& engine, std::span<const int32_t> ids, const PerplexityOptions& options,
                              const std::function<void(const Perplexity&)>& on_window) {
  const Tokenizer& tokenizer = engine.tokenizer();
  CHECK(options.window >= least_perplexity_window, "a window of {} tokens scores none", options.window);
  const auto window = static_cast<size_t>(options.window);
  Surprise surprise;
  int64_t done = 0;
  for (; done < perplexity_windows(static_cast<int64_t>(ids.size()), options); ++done) {
    const auto part = ids.subspan(static_cast<size_t>(done) * window, window);
    std::vector<int32_t> own(part.begin(), part.end());
    if (tokenizer.adds_bos()) own.front() = tokenizer.bos();
    const auto scored = engine.log_probabilities(own, options.window / 2 + 1, options.stop);
    if (options.stop.stop_requested()) break;
    for (const double log_probability : scored) surprise.add(log_probability);
    if (on_window) on_window(surprise.so_far(done + 1));
  }
  return surprise.so_far(done);
}

}  // namespace deskhand
