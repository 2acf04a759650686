// Which expressions have a text at all, and whether recursion always takes a byte first.
#include <fmt/format.h>

#include <functional>
#include <queue>
#include <utility>

#include "core/constraint/program.h"

namespace deskhand {
namespace {

using Kind = GrammarSyntax::Kind;
constexpr uint64_t never = GrammarProgram::never;

/// Who waits for a node: its parents, and the uses of the rules whose body it is. Compressed rows.
class Dependents {
 public:
  explicit Dependents(const GrammarSyntax& syntax) : begin_(syntax.nodes.size() + 1) {
    const auto each = [&](const auto& visit) {
      for (size_t i = 0; i < syntax.nodes.size(); ++i) {
        const GrammarSyntax::Node& node = syntax.nodes[i];
        if (node.kind == Kind::use) {
          if (const int32_t body = syntax.rules[node.begin].body; body >= 0) visit(body, i);
        } else if (node.kind != Kind::literal && node.kind != Kind::set) {
          for (uint32_t c = 0; c < node.count; ++c) visit(syntax.children[node.begin + c], i);
        }
      }
    };
    each([&](int32_t child, size_t) { ++begin_[static_cast<size_t>(child) + 1]; });
    for (size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
    list_.resize(begin_.back());
    std::vector<size_t> fill(begin_.begin(), begin_.end() - 1);
    each([&](int32_t child, size_t parent) { list_[fill[static_cast<size_t>(child)]++] = parent; });
  }
  std::span<const size_t> of(size_t node) const {
    return std::span(list_).subspan(begin_[node], begin_[node + 1] - begin_[node]);
  }

 private:
  std::vector<size_t> begin_, list_;
};

uint64_t saturating(unsigned __int128 value) {
  return value >= never ? never - 1 : static_cast<uint64_t>(value);
}

}  // namespace

// Knuth's generalisation of Dijkstra's algorithm: nodes are settled in the order of their shortest text, so each is
// settled once however the rules recurse.
std::vector<uint64_t> shortest_texts(const GrammarSyntax& syntax) {
  const size_t n = syntax.nodes.size();
  const Dependents dependents(syntax);
  std::vector<uint64_t> shortest(n, never), sum(n, 0);
  std::vector<uint32_t> missing(n, 0);
  using Entry = std::pair<uint64_t, size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (size_t i = 0; i < n; ++i) {
    const GrammarSyntax::Node& node = syntax.nodes[i];
    if (node.kind == Kind::literal) queue.push({node.count, i});
    if (node.kind == Kind::set) queue.push({1, i});
    if (node.kind == Kind::sequence && node.count == 0) queue.push({0, i});
    if (node.kind == Kind::repeat && node.min == 0) queue.push({0, i});
    missing[i] = node.count;
  }
  while (!queue.empty()) {
    const auto [length, i] = queue.top();
    queue.pop();
    if (shortest[i] != never) continue;
    shortest[i] = length;
    for (const size_t parent : dependents.of(i)) {
      const GrammarSyntax::Node& node = syntax.nodes[parent];
      if (shortest[parent] != never) continue;
      if (node.kind == Kind::sequence) {
        sum[parent] = saturating(static_cast<unsigned __int128>(sum[parent]) + length);
        if (--missing[parent] == 0) queue.push({sum[parent], parent});
      } else {
        const uint32_t times = node.kind == Kind::repeat ? node.min : 1;
        queue.push({saturating(static_cast<unsigned __int128>(length) * times), parent});
      }
    }
  }
  return shortest;
}

namespace {

/// Depth-first search along "may be the first thing of": a cycle is left recursion.
class RecursionCheck {
 public:
  RecursionCheck(const GrammarSyntax& syntax, const std::vector<uint64_t>& shortest)
      : syntax_(syntax), shortest_(shortest), state_(syntax.nodes.size(), State::fresh) {}

  void from(size_t start) {
    if (state_[start] == State::fresh) enter(start);
    while (!stack_.empty()) {
      auto& [node, next] = stack_.back();
      const int64_t child = next_child(syntax_.nodes[node], next);
      if (child < 0) {
        state_[node] = State::done;
        stack_.pop_back();
      } else if (const auto c = static_cast<size_t>(child); state_[c] == State::open) {
        throw GrammarError(fmt::format("grammar: left recursion through rule {}", rule_on_cycle(c)));
      } else if (state_[c] == State::fresh) {
        enter(c);
      }
    }
  }

 private:
  enum class State : uint8_t { fresh, open, done };

  void enter(size_t node) {
    state_[node] = State::open;
    stack_.emplace_back(node, 0);
  }
  /// The next expression that can stand first in the node, or −1. Dead ones are skipped.
  int64_t next_child(const GrammarSyntax::Node& node, uint32_t& next) const {
    if (node.kind == Kind::literal || node.kind == Kind::set) return -1;
    if (node.kind == Kind::use) return next++ == 0 ? syntax_.rules[node.begin].body : -1;
    while (next < node.count) {
      const bool open = node.kind != Kind::sequence || next == 0 ||
                        shortest_[static_cast<size_t>(syntax_.children[node.begin + next - 1])] == 0;
      if (!open) return -1;
      const int32_t child = syntax_.children[node.begin + next++];
      if (shortest_[static_cast<size_t>(child)] != never) return child;
    }
    return -1;
  }
  std::string rule_on_cycle(size_t node) const {
    for (auto entry = stack_.rbegin(); entry != stack_.rend(); ++entry) {
      const GrammarSyntax::Node& n = syntax_.nodes[entry->first];
      if (n.kind == Kind::use) return syntax_.rules[n.begin].name;
      if (entry->first == node) break;
    }
    return "?";
  }

  const GrammarSyntax& syntax_;
  const std::vector<uint64_t>& shortest_;
  std::vector<State> state_;
  std::vector<std::pair<size_t, uint32_t>> stack_;
};

}  // namespace

void check_recursion(const GrammarSyntax& syntax, const std::vector<uint64_t>& shortest, int32_t start_node) {
  RecursionCheck check(syntax, shortest);
  std::vector<bool> reached(syntax.nodes.size());
  std::vector<size_t> queue{static_cast<size_t>(start_node)};
  while (!queue.empty()) {
    const size_t i = queue.back();
    queue.pop_back();
    if (reached[i] || shortest[i] == never) continue;
    reached[i] = true;
    const GrammarSyntax::Node& node = syntax.nodes[i];
    if (node.kind == Kind::use) {
      check.from(i);
      queue.push_back(static_cast<size_t>(syntax.rules[node.begin].body));
    } else if (node.kind != Kind::literal && node.kind != Kind::set) {
      for (uint32_t c = 0; c < node.count; ++c) {
        queue.push_back(static_cast<size_t>(syntax.children[node.begin + c]));
        if (node.kind == Kind::repeat && node.max > 1 && shortest[queue.back()] == 0) {
          throw GrammarError("grammar: repeat of something that may be empty");
        }
      }
    }
  }
}

}  // namespace deskhand
