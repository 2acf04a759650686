#pragma once
// Runs a Grammar: a lazily built deterministic automaton whose states are sets of stacks.
//
//   Automaton a(grammar);
//   int32_t s = a.step(a.start(), 'x');          // Automaton::dead when 'x' cannot come here
//   a.accepting(s);  a.next_bytes(s);
//
// Stacks share their frames (hash-consed), states are interned and transitions remembered, so a step that was taken
// once is one table look-up. Memory is bounded: `full` says when it is time to move to a fresh automaton (`adopt`);
// beyond max_size GrammarError is thrown. Not for several threads at once.

#include <cstdint>
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
  /// Places of stacks in one state; integers held over all states and frames: when to move on, and the end.
  static constexpr size_t max_places = size_t{1} << 16, full_size = size_t{1} << 22, max_size = size_t{1} << 25;

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
  bool full() const { return size() > full_size; }
  size_t states() const { return states_.size(); }
  /// The same state of another automaton of the same grammar.
  int32_t adopt(const Automaton& other, int32_t state);

 private:
  static constexpr int32_t unknown = -2, bottom = 0;
  struct Frame {
    int32_t code;    ///< ≥ 0: the address to return to; < 0: −1 − loop
    uint32_t count;  ///< rounds of the loop so far
    int32_t parent;
    bool operator==(const Frame&) const = default;
  };
  struct FrameHash {
    size_t operator()(const Frame& frame) const;
  };
  /// An instruction that takes a byte, and the stack below it.
  struct Place {
    int32_t address, frame;
    uint64_t key() const {
      return static_cast<uint64_t>(static_cast<uint32_t>(address)) << 32 | static_cast<uint32_t>(frame);
    }
  };
  struct State {
    size_t begin, count;  ///< in places_, sorted by key
    bool accepting;
  };

  size_t size() const { return transitions_.size() + 2 * places_.size() + 8 * (frames_.size() + states_.size()); }
  int32_t compute(int32_t state, uint8_t byte_class);
  int32_t push(const Frame& frame);
  /// Follows everything that takes no byte, from the places in pending_.
  int32_t close();
  void follow(Place place);
  void loop(int32_t index, uint32_t count, int32_t parent);
  int32_t intern(bool accepting);

  Grammar grammar_;
  const GrammarProgram& program_;
  size_t classes_;
  std::vector<Frame> frames_;  ///< [0] is the bottom
  std::unordered_map<Frame, int32_t, FrameHash> frame_ids_;
  std::vector<Place> places_;
  std::vector<State> states_;
  std::unordered_multimap<uint64_t, int32_t> state_ids_;
  std::vector<int32_t> transitions_;  ///< [states, classes]
  int32_t start_ = 0;
  // Scratch of close().
  std::vector<Place> pending_, found_;
  std::unordered_set<uint64_t> seen_;
  bool accepts_ = false;
};

}  // namespace deskhand
