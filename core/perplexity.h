#pragma once
// How surprised a model is by a text.
//
//   const Perplexity p = measure_perplexity(*engine, raw_prompt_ids(tokenizer, text), {.window = 512});
//   p.value                       // exp of the mean of −ln p(token | tokens of its window before it)
//
// The text is cut into windows of `window` tokens that share nothing; the rest at the end is left out. Of each window
// the second half is scored: token i counts for window/2 < i < window. Where the model expects bos, it takes the
// place of a window's first token. llama.cpp's llama-perplexity measures the same, so that numbers compare.

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "core/engine.h"

namespace deskhand {

/// Tokens of the smallest window with a token to score.
constexpr int64_t least_perplexity_window = 3;

struct PerplexityOptions {
  int64_t window = 512;      ///< at least least_perplexity_window
  int64_t most_windows = 0;  ///< 0: all of the text
  std::stop_token stop = {};
};

struct Perplexity {
  double value = 0;
  double error = 0;  ///< standard error of `value`
  int64_t windows = 0;
  int64_t tokens = 0;  ///< that were scored
};

/// Windows in so many tokens.
int64_t perplexity_windows(int64_t tokens, const PerplexityOptions& options);

/// `on_window` gets what is known after each window. When stopped, the result is that of the windows until then.
Perplexity measure_perplexity(Engine& engine, std::span<const int32_t> ids, const PerplexityOptions& options,
                              const std::function<void(const Perplexity&)>& on_window = {});

}  // namespace deskhand
