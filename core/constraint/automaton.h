#pragma once
// Runs a Grammar: a lazily built deterministic automaton whose states are sets of stacks.
//
//   Automaton a(grammar);
//   int32_t s = a.step(a.start(), 'x');          // Automaton::dead when 'x' cannot come here
//   a.accepting(s);  a.next_bytes(s);
//
// The stacks of a state are a graph: a rule entered at one place of the text has one frame, however many callers it
// has, so ambiguous grammars stay polynomial, as with Earley's algorithm. Frames and states are interned and
// transitions are remembered: a step that was taken once is one table look-up. Memory is bounded: `full` says when it
// is time to move to a fresh automaton (`adopt`); beyond max_places or max_size GrammarError is thrown. Not for several
// threads at once. Source: J. Earley, "An efficient context-free parsing algorithm" (1970), and the graph-structured
// stack of GLL.

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/constraint/grammar.h"
#include "core/constraint/program.h"

namespace deskhand {

class Automaton {
 public:
  static constexpr int32_t dead = -1;
  /// Places in one state; integers held over all states and frames: when to move on, and the end.
  static constexpr size_t max_places = size_t{1} << 18, full_size = size_t{1} << 22, max_size = size_t{1} << 24;

  explicit Automaton(Grammar grammar);
  Automaton(const Automaton&) = delete;
  Automaton& operator=(const Automaton&) = delete;

  int32_t start() const { return start_; }
  /// The state after the byte, or dead.
  int32_t step(int32_t state, uint8_t byte) {
    const uint8_t byte_class = program_.class_of[byte];
    const int32_t next = transitions_[static_cast<size_t>(state) * classes_ + byte_class];
    return next != unknown ? next : compute(state, byte_class);
  }
  int32_t run(int32_t state, std::string_view bytes);
  bool accepting(int32_t state) const { return states_[static_cast<size_t>(state)].accepting; }
  /// The bytes that can come; each leads to a state from which the text can be completed.
  ByteSet next_bytes(int32_t state) const;

  const Grammar& grammar() const { return grammar_; }
  bool full() const { return size() > full_at_; }
  size_t states() const { return states_.size(); }
  /// A state that no text of at most `bytes` bytes tells from this one: how many rounds a loop has made is forgotten
  /// where its end is further away. So the places of a long text have few such states.
  int32_t blurred(int32_t state, size_t bytes);
  /// The same state of another automaton of the same grammar.
  int32_t adopt(const Automaton& other, int32_t state);

 private:
  static constexpr int32_t unknown = -2, bottom = 0;
  /// An address in the program and the frame below it: ≥ 0 interned, < 0 open (−1 − index), while a state is closed.
  struct Place {
    int32_t address, frame;
    uint64_t key() const {
      return static_cast<uint64_t>(static_cast<uint32_t>(address)) << 32 | static_cast<uint32_t>(frame);
    }
  };
  /// A run of places_, sorted by key.
  struct Run {
    size_t begin, count;
  };
  struct Frame {
    int32_t code;    ///< ≥ 0: a rule; < 0: −1 − loop
    uint32_t count;  ///< rounds of the loop so far
    Run callers;     ///< where to go on at the end (loops: only the frames matter)
  };
  struct OpenFrame {
    int32_t code;
    uint32_t count;
    std::vector<Place> callers;
    bool finished = false;  ///< the rule matched the empty text here
    int32_t interned = -1;
  };
  struct State {
    Run places;  ///< of instructions that take a byte
    bool accepting;
  };

  size_t size() const { return transitions_.size() + 2 * places_.size() + 8 * (frames_.size() + states_.size()); }
  std::span<const Place> places(const Run& run) const { return std::span(places_).subspan(run.begin, run.count); }
  int32_t compute(int32_t state, uint8_t byte_class);
  /// Follows everything that takes no byte, from the places in pending_, and interns the state.
  int32_t close();
  void follow(Place place);
  void finish(int32_t frame);
  void loop(int32_t index, uint32_t count, int32_t below);
  void enter(int32_t code, uint32_t count, int32_t address, Place caller);
  /// Interns the open frame and those below it.
  int32_t settle(int32_t frame);
  /// The same places over frames of this automaton, each with the count that `count_of` gives it, as a state.
  template <class CountOf>
  int32_t rebuild(const Automaton& other, int32_t state, const CountOf& count_of);
  int32_t intern_frame(int32_t code, uint32_t count, std::vector<Place>& callers);
  int32_t intern_state(std::vector<Place>& places, bool accepting);
  bool same_places(const Run& run, const std::vector<Place>& places) const;
  Run keep(const std::vector<Place>& places);

  Grammar grammar_;
  const GrammarProgram& program_;
  size_t classes_;
  std::vector<Place> places_;
  std::vector<Frame> frames_;  ///< [0] is the bottom
  std::vector<State> states_;
  std::unordered_multimap<uint64_t, int32_t> frame_ids_, state_ids_;  ///< by hash
  std::vector<int32_t> transitions_;                                  ///< [states, classes]
  int32_t start_ = 0;
  size_t full_at_ = full_size;
  // Scratch of close().
  std::vector<Place> pending_, found_;
  std::vector<OpenFrame> open_;
  std::unordered_map<uint64_t, size_t> open_ids_;
  std::unordered_set<uint64_t> seen_;
  bool accepts_ = false;
};

}  // namespace deskhand
