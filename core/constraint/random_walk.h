#pragma once
// A text drawn blindly from a grammar: the yardstick of how far the grammar alone carries.
//
//   std::mt19937_64 random(1);
//   std::string text = random_sentence(grammar, random);           // always in the grammar
//
// At each choice one of the alternatives is taken with equal probability, in a repeat every count of min…max (at most
// `more_rounds` above min), in a byte set every byte. This is not uniform over texts, and not what a uniform choice
// among allowed tokens gives: that one almost never closes a string, as most tokens are letters. After `budget` bytes
// only the shortest way out is taken, so that recursion ends; a text is at most about budget plus its shortest end.
// Throws GrammarError when even that is longer than max_random_sentence.

#include <cstdint>
#include <random>
#include <string>

#include "core/constraint/grammar.h"

namespace deskhand {

struct RandomWalkLimits {
  uint32_t more_rounds = 16;
  size_t budget = 2000;  ///< bytes
};

constexpr size_t max_random_sentence = size_t{1} << 24;

/// The same seed gives the same text, on every platform.
std::string random_sentence(const Grammar& grammar, std::mt19937_64& random, const RandomWalkLimits& limits = {});

}  // namespace deskhand
