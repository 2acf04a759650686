#include "core/constraint/character_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace deskhand {
namespace {

using Kind = CharacterMachine::Kind;
using Edge = CharacterAutomaton::Edge;
using Nodes = std::vector<int32_t>;

class Determiniser {
 public:
  explicit Determiniser(const CharacterMachine& machine) : machine_(machine), seen_(machine.nodes.size()) {}

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
      if (seen_[static_cast<size_t>(at)] == round_) continue;
      seen_[static_cast<size_t>(at)] = round_;
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
    work_ += reached.size() + 1;
    if (work_ > max_work) throw GrammarError("expression: too much work to make it deterministic");
    std::sort(reached.begin(), reached.end());
    return reached;
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
    // Where ranges begin (+) and end (−), the set of targets changes.
    std::vector<std::pair<char32_t, std::pair<bool, int32_t>>> events;
    for (const int32_t n : nodes) {
      const CharacterMachine::Node& node = machine_.nodes[static_cast<size_t>(n)];
      if (node.kind != Kind::characters) continue;
      for (const CharacterRange& range : machine_.sets[static_cast<size_t>(node.set)]) {
        events.push_back({range.first, {true, node.next}});
        events.push_back({range.last + 1, {false, node.next}});
      }
    }
    std::sort(events.begin(), events.end());
    std::vector<Edge> edges;
    std::map<int32_t, int> active;  // targets and how often
    for (size_t i = 0; i < events.size();) {
      const char32_t at = events[i].first;
      for (; i < events.size() && events[i].first == at; ++i) {
        const auto [opens, target] = events[i].second;
        if ((active[target] += opens ? 1 : -1) == 0) active.erase(target);
      }
      if (active.empty()) continue;
      Nodes targets;
      for (const auto& [target, count] : active) targets.push_back(target);
      const int32_t next = add(closure(std::move(targets), false, false), false);
      const char32_t last = events[i].first - 1;
      if (!edges.empty() && edges.back().target == next && edges.back().last + 1 == at) {
        edges.back().last = last;
      } else {
        edges.push_back({at, last, next});
      }
    }
    return edges;
  }

  static constexpr size_t max_work = 20'000'000;
  const CharacterMachine& machine_;
  std::vector<uint32_t> seen_;
  uint32_t round_ = 0;
  size_t work_ = 0;
  std::vector<Nodes> sets_;
  std::map<Nodes, int32_t> ids_;
  CharacterAutomaton out_;
};

}  // namespace

int32_t CharacterMachine::add(Node node) {
  if (nodes.size() >= max_nodes)
    throw GrammarError(fmt::format("expression: unfolds to more than {} parts", max_nodes));
  nodes.push_back(node);
  return static_cast<int32_t>(nodes.size() - 1);
}

CharacterAutomaton determinise(const CharacterMachine& machine) {
  return Determiniser(machine).run();
}

}  // namespace deskhand
