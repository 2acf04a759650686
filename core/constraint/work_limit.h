#pragma once
// How much work the compilation of one schema or expression may be, whatever it is made of.
//
//   WorkLimit work;
//   work.spend(states.size());                    // GrammarError once more than `most` steps are spent
//
// A step is about ten nanoseconds: a state visited, an edge joined, a name compared.

#include <cstdint>

#include "core/constraint/grammar.h"

namespace deskhand {

class WorkLimit {
 public:
  static constexpr uint64_t most = 20'000'000;

  void spend(uint64_t steps) {
    spent_ += steps;
    if (spent_ > most) throw GrammarError("too much work to compile it");
  }

 private:
  uint64_t spent_ = 0;
};

}  // namespace deskhand
