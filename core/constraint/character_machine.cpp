#include "core/constraint/character_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace deskhand {
namespace {

using Kind = CharacterMachine::Kind;
using Edge = CharacterAutomaton::Edge;
using Nodes = std::vector<int32_t>;

class Determiniser {
 public:
  Determiniser(const CharacterMachine& machine, WorkLimit& work)
      : machine_(machine), work_(work), seen_(machine.nodes.size()) {}

  CharacterAutomaton run() {
    add(closure({machine_.start}, true, false), true);
    size_t edges = 0;
    for (size_t i = 0; i < sets_.size(); ++i) {
      std::vector<Edge> outgoing = edges_of(Nodes(sets_[i]));
      edges += outgoing.size();
      if (edges > CharacterAutomaton::max_edges) throw GrammarError("expression: its automaton has too many edges");
      out_.states[i].edges = std::move(outgoing);
    }
    return std::move(out_);
  }

 private:
  /// What is reached without a character: the nodes that take one, `match`, and text_end where it does not hold.
  Nodes closure(Nodes pending, bool at_begin, bool at_end) {
    ++round_;
    Nodes reached;
    while (!pending.empty()) {
      const int32_t at = pending.back();
      pending.pop_back();
      work_.spend(1);
      if (seen_[static_cast<size_t>(at)] == round_) continue;
      seen_[static_cast<size_t>(at)] = round_;
      if (at == machine_.tail) return every_text();
      const CharacterMachine::Node& node = machine_.nodes[static_cast<size_t>(at)];
      const bool passes = node.kind == Kind::split || (node.kind == Kind::text_begin && at_begin) ||
                          (node.kind == Kind::text_end && at_end);
      if (passes) {
        pending.push_back(node.next);
        if (node.kind == Kind::split) pending.push_back(node.other);
      } else if (node.kind != Kind::text_begin) {
        reached.push_back(at);
      }
    }
    work_.spend(10 + 2 * reached.size());
    std::sort(reached.begin(), reached.end());
    return reached;
  }

  /// What is reached from the tail, which makes all else idle.
  Nodes every_text() const {
    const CharacterMachine::Node& tail = machine_.nodes[static_cast<size_t>(machine_.tail)];
    return {std::min(tail.next, tail.other), std::max(tail.next, tail.other)};
  }

  int32_t add(Nodes nodes, bool at_begin) {
    if (!at_begin) {
      if (const auto found = ids_.find(nodes); found != ids_.end()) return found->second;
    }
    const auto id = static_cast<int32_t>(sets_.size());
    if (sets_.size() >= CharacterAutomaton::max_states) {
      throw GrammarError(
          fmt::format("expression: its automaton has more than {} states", CharacterAutomaton::max_states));
    }
    const Nodes at_end = closure(nodes, at_begin, true);
    const bool accepting = std::any_of(at_end.begin(), at_end.end(), [&](int32_t n) {
      return machine_.nodes[static_cast<size_t>(n)].kind == Kind::match;
    });
    out_.states.push_back({{}, accepting});
    sets_.push_back(nodes);
    if (!at_begin) ids_.emplace(std::move(nodes), id);  // the start is met only once
    return id;
  }

  std::vector<Edge> edges_of(const Nodes& nodes) {
    const std::map<int32_t, Nodes> targets = targets_by_set(nodes);
    // Where ranges begin and end, the sets that hold the character change.
    std::vector<Event> events;
    for (const auto& [set, unused] : targets) {
      for (const CharacterRange& range : machine_.sets[static_cast<size_t>(set)]) {
        events.push_back({range.first, true, set});
        events.push_back({range.last + 1, false, set});
      }
    }
    work_.spend(4 * events.size());
    std::sort(events.begin(), events.end());
    std::vector<Edge> edges;
    std::map<std::vector<int32_t>, int32_t> next_of;  // by the sets
    std::vector<int32_t> active;
    for (size_t i = 0; i < events.size();) {
      const char32_t at = events[i].at;
      for (; i < events.size() && events[i].at == at; ++i) {
        const auto place = std::lower_bound(active.begin(), active.end(), events[i].set);
        if (events[i].opens) {
          active.insert(place, events[i].set);
        } else {
          active.erase(place);
        }
      }
      work_.spend(active.size());
      if (active.empty()) continue;
      const auto [known, fresh] = next_of.try_emplace(active);
      if (fresh) known->second = next(targets, active);
      const char32_t last = events[i].at - 1;
      if (!edges.empty() && edges.back().target == known->second && edges.back().last + 1 == at) {
        edges.back().last = last;
      } else {
        edges.push_back({at, last, known->second});
      }
    }
    return edges;
  }

  std::map<int32_t, Nodes> targets_by_set(const Nodes& nodes) {
    std::map<int32_t, Nodes> targets;
    for (const int32_t n : nodes) {
      const CharacterMachine::Node& node = machine_.nodes[static_cast<size_t>(n)];
      if (node.kind == Kind::characters) targets[node.set].push_back(node.next);
    }
    return targets;
  }

  int32_t next(const std::map<int32_t, Nodes>& targets, const std::vector<int32_t>& sets) {
    Nodes pending;
    for (const int32_t set : sets) {
      const Nodes& some = targets.at(set);
      pending.insert(pending.end(), some.begin(), some.end());
    }
    return add(closure(std::move(pending), false, false), false);
  }

  struct Event {
    char32_t at;
    bool opens;
    int32_t set;
    friend auto operator<=>(const Event&, const Event&) = default;
  };
  struct HashNodes {
    size_t operator()(const Nodes& nodes) const {
      uint64_t hash = nodes.size();
      for (const int32_t n : nodes) {
        hash = (hash ^ static_cast<uint64_t>(n)) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
      }
      return hash;
    }
  };

  const CharacterMachine& machine_;
  WorkLimit& work_;
  std::vector<uint32_t> seen_;
  uint32_t round_ = 0;
  std::vector<Nodes> sets_;
  std::unordered_map<Nodes, int32_t, HashNodes> ids_;
  CharacterAutomaton out_;
};

}  // namespace

int32_t CharacterMachine::add(Node node) {
  if (nodes.size() >= max_nodes)
    throw GrammarError(fmt::format("expression: unfolds to more than {} parts", max_nodes));
  nodes.push_back(node);
  return static_cast<int32_t>(nodes.size() - 1);
}

CharacterAutomaton determinise(const CharacterMachine& machine, WorkLimit& work) {
  return Determiniser(machine, work).run();
}

}  // namespace deskhand
