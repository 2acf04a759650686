#pragma once
// How much work the compilation of one schema or expression may be, whatever it is made of.
//
//   WorkLimit work;
//   work.spend(states.size());                    // GrammarError once more steps are spent than it has
//
// A step is about ten nanoseconds: a state visited, an edge joined, a name compared.

#include <cstdint>

#include "core/constraint/grammar.h"

namespace deskhand {

class WorkLimit {
 public:
  static constexpr uint64_t usual = 20'000'000;

  explicit WorkLimit(uint64_t most = usual) : left_(most) {}

  void spend(uint64_t steps) {
    if (steps > left_) throw GrammarError("too much work to compile it");
    left_ -= steps;
  }

 private:
  uint64_t left_;
};

}  // namespace deskhand
