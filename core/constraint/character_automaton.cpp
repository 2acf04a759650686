#include "core/constraint/character_automaton.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

using Edge = CharacterAutomaton::Edge;
using State = CharacterAutomaton::State;
constexpr char32_t last_character = 0x10FFFF;

/// Joins an edge to the one before where they touch and lead to the same state.
void append(std::vector<Edge>& edges, Edge edge) {
  if (!edges.empty() && edges.back().target == edge.target && edges.back().last + 1 == edge.first) {
    edges.back().last = edge.last;
  } else {
    edges.push_back(edge);
  }
}

class Product {
 public:
  Product(const CharacterAutomaton& a, const CharacterAutomaton& b, bool without, WorkLimit& work)
      : a_(a), b_(b), without_(without), work_(work) {}

  CharacterAutomaton run() {
    id_of(0, 0);
    size_t edges = 0;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const auto [x, y] = pairs_[i];
      std::vector<Edge> joined = join(a_.states[static_cast<size_t>(x)].edges, edges_of_b(y));
      edges += joined.size();
      if (edges > CharacterAutomaton::max_edges) throw GrammarError("texts: the automaton has too many edges");
      out_.states[i].edges = std::move(joined);
    }
    return std::move(out_);
  }

 private:
  std::span<const Edge> edges_of_b(int32_t y) const {
    if (y == CharacterAutomaton::dead) return {};
    return b_.states[static_cast<size_t>(y)].edges;
  }

  int32_t id_of(int32_t x, int32_t y) {
    const uint64_t key = static_cast<uint64_t>(static_cast<uint32_t>(x)) << 32 | static_cast<uint32_t>(y);
    const auto [entry, fresh] = ids_.try_emplace(key, static_cast<int32_t>(pairs_.size()));
    if (!fresh) return entry->second;
    if (pairs_.size() >= CharacterAutomaton::max_states) {
      throw GrammarError(fmt::format("texts: the automaton has more than {} states", CharacterAutomaton::max_states));
    }
    pairs_.emplace_back(x, y);
    const bool in_b = y != CharacterAutomaton::dead && b_.states[static_cast<size_t>(y)].accepting;
    out_.states.push_back({{}, a_.states[static_cast<size_t>(x)].accepting && in_b != without_});
    return entry->second;
  }

  std::vector<Edge> join(std::span<const Edge> left, std::span<const Edge> right) {
    work_.spend(20 + 4 * (left.size() + right.size()));
    std::vector<Edge> joined;
    size_t r = 0;
    for (const Edge& edge : left) {
      for (char32_t at = edge.first; at <= edge.last;) {
        while (r < right.size() && right[r].last < at) ++r;
        const bool inside = r < right.size() && right[r].first <= at;
        char32_t until = edge.last;
        if (inside) until = std::min(until, right[r].last);
        if (!inside && r < right.size()) until = std::min<char32_t>(until, right[r].first - 1);
        if (inside || without_) {
          append(joined, {at, until, id_of(edge.target, inside ? right[r].target : CharacterAutomaton::dead)});
        }
        at = until + 1;
      }
    }
    return joined;
  }

  const CharacterAutomaton &a_, &b_;
  bool without_;
  WorkLimit& work_;
  std::unordered_map<uint64_t, int32_t> ids_;
  std::vector<std::pair<int32_t, int32_t>> pairs_;
  CharacterAutomaton out_;
};

}  // namespace

CharacterAutomaton CharacterAutomaton::everything() {
  return {{{{{0, last_character, 0}}, true}}};
}

CharacterAutomaton CharacterAutomaton::length(uint32_t min, uint32_t max) {
  const bool open = max == GrammarBuilder::unbounded;
  const uint32_t count = open ? min : max;
  if (count >= max_states) {
    throw GrammarError(fmt::format("texts: a length of {} beside an expression, at most {}", count, max_states - 1));
  }
  CharacterAutomaton out;
  for (uint32_t i = 0; i <= count; ++i) {
    const auto next = static_cast<int32_t>(i == count ? count : i + 1);
    State state{{}, i >= min};
    if (i < count || open) state.edges.push_back({0, last_character, next});
    out.states.push_back(std::move(state));
  }
  return out;
}

CharacterAutomaton CharacterAutomaton::words(std::span<const std::u32string> words) {
  std::vector<std::map<char32_t, int32_t>> tree(1);
  std::vector<bool> ends(1);
  for (const std::u32string& word : words) {
    size_t at = 0;
    for (const char32_t c : word) {
      const auto [entry, fresh] = tree[at].try_emplace(c, static_cast<int32_t>(tree.size()));
      at = static_cast<size_t>(entry->second);
      if (!fresh) continue;
      if (tree.size() >= max_states) throw GrammarError("texts: the words are too long together");
      tree.emplace_back();
      ends.push_back(false);
    }
    ends[at] = true;
  }
  CharacterAutomaton out;
  for (size_t i = 0; i < tree.size(); ++i) {
    State state{{}, ends[i]};
    for (const auto& [c, target] : tree[i]) state.edges.push_back({c, c, target});
    out.states.push_back(std::move(state));
  }
  return out;
}

// State k: the last k characters are the delimiter's first k, and no more of them are.
CharacterAutomaton CharacterAutomaton::until(std::u32string_view delimiter) {
  constexpr size_t longest = 1000;
  const size_t m = delimiter.size();
  if (m == 0 || m > longest) throw GrammarError(fmt::format("texts: a delimiter of {} characters, 1…{}", m, longest));
  const std::set<char32_t> letters(delimiter.begin(), delimiter.end());
  std::vector<std::map<char32_t, size_t>> next(m);
  size_t border = 0;  // the state after the first k characters without their first
  for (size_t k = 0; k < m; ++k) {
    for (const char32_t c : letters) next[k][c] = delimiter[k] == c ? k + 1 : k == 0 ? 0 : next[border].at(c);
    if (k > 0) border = next[border].at(delimiter[k]);
  }
  CharacterAutomaton out;
  for (size_t k = 0; k < m; ++k) {
    size_t at = k, steps = 0;  // the delimiter from here: the first time at its end?
    while (steps < m && at < m) at = next[at].at(delimiter[steps++]);
    State state{{}, at == m && steps == m};
    char32_t from = 0;
    for (const char32_t c : letters) {
      if (c > from) append(state.edges, {from, c - 1, 0});
      if (next[k].at(c) < m) append(state.edges, {c, c, static_cast<int32_t>(next[k].at(c))});
      from = c + 1;
    }
    if (from <= last_character) append(state.edges, {from, last_character, 0});
    out.states.push_back(std::move(state));
  }
  return out;
}

bool CharacterAutomaton::matches(std::u32string_view text) const {
  size_t at = 0;
  for (const char32_t c : text) {
    const std::vector<Edge>& edges = states[at].edges;
    const auto edge = std::partition_point(edges.begin(), edges.end(), [c](const Edge& e) { return e.last < c; });
    if (edge == edges.end() || edge->first > c) return false;
    at = static_cast<size_t>(edge->target);
  }
  return states[at].accepting;
}

bool CharacterAutomaton::empty() const {
  std::vector<bool> reached(states.size());
  std::vector<size_t> queue{0};
  while (!queue.empty()) {
    const size_t at = queue.back();
    queue.pop_back();
    if (reached[at]) continue;
    reached[at] = true;
    if (states[at].accepting) return false;
    for (const Edge& edge : states[at].edges) queue.push_back(static_cast<size_t>(edge.target));
  }
  return true;
}

CharacterAutomaton intersection(const CharacterAutomaton& a, const CharacterAutomaton& b, WorkLimit& work) {
  return Product(a, b, false, work).run();
}

CharacterAutomaton difference(const CharacterAutomaton& a, const CharacterAutomaton& b, WorkLimit& work) {
  return Product(a, b, true, work).run();
}

std::u32string code_points(std::string_view utf8) {
  std::u32string out;
  for (size_t at = 0; at < utf8.size();) {
    const auto character = next_utf8(utf8, at);
    out.push_back(character.valid ? character.code : U'\uFFFD');
    at += character.length;
  }
  return out;
}

}  // namespace deskhand
