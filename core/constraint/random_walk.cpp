#include "core/constraint/random_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/constraint/program.h"

namespace deskhand {
namespace {

using Kind = GrammarSyntax::Kind;
using Node = GrammarSyntax::Node;

class Walk {
 public:
  Walk(const GrammarProgram& program, std::mt19937_64& random, const RandomWalkLimits& limits)
      : program_(program), syntax_(program.syntax), random_(random), limits_(limits) {}

  std::string run() {
    pending_.push_back({program_.start_node, 1});
    size_t steps = 0;
    while (!pending_.empty()) {
      auto& [node, times] = pending_.back();
      const int32_t index = node;
      if (--times == 0) pending_.pop_back();
      expand(index);
      if (++steps > max_random_sentence || text_.size() > max_random_sentence) {
        throw GrammarError(fmt::format("grammar: its shortest texts are longer than {} bytes", max_random_sentence));
      }
    }
    return std::move(text_);
  }

 private:
  struct Pending {
    int32_t node;
    uint64_t times;
  };

  uint64_t below(uint64_t n) {  // unbiased enough: n is far below 2⁶⁴
    return random_() % n;
  }
  uint64_t shortest(int32_t node) const { return program_.shortest[static_cast<size_t>(node)]; }
  bool hurry() const { return text_.size() >= limits_.budget; }

  /// Writes the node's bytes, or puts its parts on the stack, the first on top.
  void expand(int32_t index) {
    const Node& node = syntax_.nodes[static_cast<size_t>(index)];
    switch (node.kind) {
      case Kind::literal:
        text_.append(syntax_.bytes, node.begin, node.count);
        break;
      case Kind::set:
        text_.push_back(pick_byte(syntax_.sets[node.begin]));
        break;
      case Kind::sequence:
        for (uint32_t i = node.count; i-- > 0;) pending_.push_back({syntax_.children[node.begin + i], 1});
        break;
      case Kind::choice:
        pending_.push_back({pick_alternative(node), 1});
        break;
      case Kind::repeat:
        if (const uint64_t times = pick_count(node); times > 0) {
          pending_.push_back({syntax_.children[node.begin], times});
        }
        break;
      case Kind::use:
        pending_.push_back({syntax_.rules[node.begin].body, 1});
        break;
    }
  }

  char pick_byte(const ByteSet& set) {
    size_t byte = set._Find_first();
    for (uint64_t skip = below(set.count()); skip > 0; --skip) byte = set._Find_next(byte);
    return static_cast<char>(static_cast<uint8_t>(byte));
  }

  int32_t pick_alternative(const Node& node) {
    std::vector<int32_t> live;
    for (uint32_t i = 0; i < node.count; ++i) {
      const int32_t child = syntax_.children[node.begin + i];
      if (shortest(child) != GrammarProgram::never) live.push_back(child);
    }
    if (!hurry()) return live[below(live.size())];
    return *std::min_element(live.begin(), live.end(), [&](int32_t a, int32_t b) { return shortest(a) < shortest(b); });
  }

  uint64_t pick_count(const Node& node) {
    if (shortest(syntax_.children[node.begin]) == GrammarProgram::never) return 0;
    if (hurry()) return node.min;
    const uint64_t most = std::min<uint64_t>(node.max, uint64_t{node.min} + limits_.more_rounds);
    return node.min + below(most - node.min + 1);
  }

  const GrammarProgram& program_;
  const GrammarSyntax& syntax_;
  std::mt19937_64& random_;
  RandomWalkLimits limits_;
  std::vector<Pending> pending_;
  std::string text_;
};

}  // namespace

std::string random_sentence(const Grammar& grammar, std::mt19937_64& random, const RandomWalkLimits& limits) {
  return Walk(grammar.program(), random, limits).run();
}

}  // namespace deskhand
