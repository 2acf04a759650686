#include "core/constraint/automaton.h"

#include <fmt/format.h>

#include <algorithm>

namespace deskhand {
namespace {

using Op = GrammarProgram::Op;

uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 29);
}

uint64_t pack(int32_t code, uint32_t count) {
  return static_cast<uint64_t>(static_cast<uint32_t>(code)) << 32 | count;
}

/// Sorts by key, drops repetitions and answers the hash.
template <class Place>
uint64_t normalise(std::vector<Place>& places, uint64_t seed) {
  const auto less = [](const Place& a, const Place& b) { return a.key() < b.key(); };
  const auto same = [](const Place& a, const Place& b) { return a.key() == b.key(); };
  std::sort(places.begin(), places.end(), less);
  places.erase(std::unique(places.begin(), places.end(), same), places.end());
  uint64_t hash = seed;
  for (const Place& place : places) hash = mix(hash, place.key());
  return hash;
}

}  // namespace

Automaton::Automaton(Grammar grammar)
    : grammar_(std::move(grammar)),
      program_(grammar_.program()),
      classes_(program_.class_byte.size()),
      frames_{{0, 0, {0, 0}}} {
  pending_.push_back({program_.start, bottom});
  start_ = close();
}

int32_t Automaton::run(int32_t state, std::string_view bytes) {
  for (size_t i = 0; i < bytes.size() && state != dead; ++i) state = step(state, static_cast<uint8_t>(bytes[i]));
  return state;
}

ByteSet Automaton::next_bytes(int32_t state) const {
  ByteSet bytes;
  for (const Place& place : places(states_[static_cast<size_t>(state)].places)) {
    const GrammarProgram::Instruction& instruction = program_.code[static_cast<size_t>(place.address)];
    if (instruction.op == Op::byte) {
      bytes.set(static_cast<size_t>(instruction.operand));
    } else {
      bytes |= program_.syntax.sets[static_cast<size_t>(instruction.operand)];
    }
  }
  return bytes;
}

int32_t Automaton::compute(int32_t state, uint8_t byte_class) {
  const uint8_t byte = program_.class_byte[byte_class];
  pending_.clear();
  for (const Place& place : places(states_[static_cast<size_t>(state)].places)) {
    const GrammarProgram::Instruction& instruction = program_.code[static_cast<size_t>(place.address)];
    if (program_.takes(instruction, byte)) pending_.push_back({instruction.next, place.frame});
  }
  const int32_t next = pending_.empty() ? dead : close();
  transitions_[static_cast<size_t>(state) * classes_ + byte_class] = next;
  return next;
}

int32_t Automaton::close() {
  seen_.clear();
  found_.clear();
  open_.clear();
  open_ids_.clear();
  accepts_ = false;
  while (!pending_.empty()) {
    const Place place = pending_.back();
    pending_.pop_back();
    if (!seen_.insert(place.key()).second) continue;
    if (seen_.size() > max_places) {
      throw GrammarError(fmt::format("grammar: more than {} ways to go on from one place", max_places));
    }
    follow(place);
  }
  for (Place& place : found_) place.frame = settle(place.frame);
  if (size() > max_size) throw GrammarError(fmt::format("grammar: its states need more than {} integers", max_size));
  return intern_state(found_, accepts_);
}

void Automaton::follow(Place place) {
  const GrammarProgram::Instruction& instruction = program_.code[static_cast<size_t>(place.address)];
  const auto operand = static_cast<size_t>(instruction.operand);
  switch (instruction.op) {
    case Op::byte:
    case Op::set:
      found_.push_back(place);
      break;
    case Op::finish:
      finish(place.frame);
      break;
    case Op::split:
      for (size_t i = 0; i < static_cast<size_t>(instruction.next); ++i) {
        pending_.push_back({program_.targets[operand + i], place.frame});
      }
      break;
    case Op::call:
      enter(instruction.operand, 0, program_.rule_start[operand], {instruction.next, place.frame});
      break;
    case Op::jump:
      pending_.push_back({program_.rule_start[operand], place.frame});
      break;
    case Op::loop_enter:
      loop(instruction.operand, 0, place.frame);
      break;
    case Op::loop_next: {  // the body took a byte, so its frame is interned
      const Frame frame = frames_[static_cast<size_t>(place.frame)];
      for (const Place& caller : places(frame.callers)) loop(instruction.operand, frame.count + 1, caller.frame);
      break;
    }
  }
}

void Automaton::finish(int32_t frame) {
  if (frame == bottom) {
    accepts_ = true;
  } else if (frame > bottom) {
    const auto callers = places(frames_[static_cast<size_t>(frame)].callers);
    pending_.insert(pending_.end(), callers.begin(), callers.end());
  } else {
    OpenFrame& open = open_[static_cast<size_t>(-1 - frame)];
    open.finished = true;
    pending_.insert(pending_.end(), open.callers.begin(), open.callers.end());
  }
}

void Automaton::loop(int32_t index, uint32_t count, int32_t below) {
  const GrammarProgram::Loop& loop = program_.loops[static_cast<size_t>(index)];
  if (loop.max == GrammarBuilder::unbounded) count = std::min(count, loop.min);  // beyond min all counts are alike
  if (count >= loop.min) pending_.push_back({loop.exit, below});
  if (count < loop.max) enter(-1 - index, count, loop.body, {0, below});
}

void Automaton::enter(int32_t code, uint32_t count, int32_t address, Place caller) {
  const auto [entry, fresh] = open_ids_.try_emplace(pack(code, count), open_.size());
  if (fresh) {
    open_.push_back({code, count, {}});
    pending_.push_back({address, -1 - static_cast<int32_t>(entry->second)});
  }
  OpenFrame& open = open_[entry->second];
  open.callers.push_back(caller);
  if (open.finished) pending_.push_back(caller);
}

int32_t Automaton::settle(int32_t frame) {
  if (frame >= bottom) return frame;
  std::vector<size_t> stack{static_cast<size_t>(-1 - frame)};
  while (!stack.empty()) {  // callers first; they form no cycle, as there is no left recursion
    const size_t index = stack.back();
    OpenFrame& open = open_[index];
    bool ready = true;
    for (Place& caller : open.callers) {
      if (caller.frame >= bottom) continue;
      const auto below = static_cast<size_t>(-1 - caller.frame);
      if (open_[below].interned >= 0) {
        caller.frame = open_[below].interned;
      } else {
        ready = false;
        stack.push_back(below);
      }
    }
    if (!ready) continue;
    if (open.interned < 0) open.interned = intern_frame(open.code, open.count, open.callers);
    stack.pop_back();
  }
  return open_[static_cast<size_t>(-1 - frame)].interned;
}

int32_t Automaton::intern_frame(int32_t code, uint32_t count, std::vector<Place>& callers) {
  const uint64_t hash = normalise(callers, mix(3, pack(code, count)));
  const auto [first, last] = frame_ids_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const Frame& f = frames_[static_cast<size_t>(entry->second)];
    if (f.code == code && f.count == count && same_places(f.callers, callers)) return entry->second;
  }
  const auto id = static_cast<int32_t>(frames_.size());
  frames_.push_back({code, count, keep(callers)});
  frame_ids_.emplace(hash, id);
  return id;
}

int32_t Automaton::intern_state(std::vector<Place>& places, bool accepting) {
  const uint64_t hash = normalise(places, accepting ? 1 : 2);
  const auto [first, last] = state_ids_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const State& s = states_[static_cast<size_t>(entry->second)];
    if (s.accepting == accepting && same_places(s.places, places)) return entry->second;
  }
  const auto id = static_cast<int32_t>(states_.size());
  states_.push_back({keep(places), accepting});
  transitions_.resize(transitions_.size() + classes_, unknown);
  state_ids_.emplace(hash, id);
  return id;
}

bool Automaton::same_places(const Run& run, const std::vector<Place>& places) const {
  const auto mine = this->places(run);
  const auto same = [](const Place& a, const Place& b) { return a.key() == b.key(); };
  return std::equal(mine.begin(), mine.end(), places.begin(), places.end(), same);
}

Automaton::Run Automaton::keep(const std::vector<Place>& places) {
  places_.insert(places_.end(), places.begin(), places.end());
  return {places_.size() - places.size(), places.size()};
}

template <class CountOf>
int32_t Automaton::rebuild(const Automaton& other, int32_t state, const CountOf& count_of) {
  std::unordered_map<int32_t, int32_t> moved{{bottom, bottom}};
  const auto translate = [&](const Run& theirs, std::vector<int32_t>& missing) {
    std::vector<Place> mine;
    for (const Place& place : other.places(theirs)) {
      const auto found = moved.find(place.frame);
      if (found == moved.end()) {
        missing.push_back(place.frame);
      } else {
        mine.push_back({place.address, found->second});
      }
    }
    return mine;
  };
  const State s = other.states_[static_cast<size_t>(state)];
  std::vector<int32_t> stack;
  translate(s.places, stack);
  while (!stack.empty()) {  // callers first
    const int32_t frame = stack.back();
    const Frame f = other.frames_[static_cast<size_t>(frame)];
    const size_t height = stack.size();
    std::vector<Place> callers = translate(f.callers, stack);
    if (stack.size() > height) continue;
    moved.emplace(frame, intern_frame(f.code, count_of(f), callers));
    stack.pop_back();
  }
  std::vector<Place> places = translate(s.places, stack);
  return intern_state(places, s.accepting);
}

int32_t Automaton::blurred(int32_t state, size_t bytes) {
  return rebuild(*this, state, [&](const Frame& frame) -> uint32_t {
    if (frame.code >= 0) return frame.count;
    const GrammarProgram::Loop& loop = program_.loops[static_cast<size_t>(-1 - frame.code)];
    const uint64_t latest = frame.count + uint64_t{bytes};  // a round takes a byte or more
    if (latest < loop.min) return 0;
    const uint32_t enough = loop.min > 0 ? loop.min - 1 : 0;  // after this round the loop may end
    return frame.count >= enough && latest < loop.max ? enough : frame.count;
  });
}

int32_t Automaton::adopt(const Automaton& other, int32_t state) {
  const int32_t adopted = rebuild(other, state, [](const Frame& frame) { return frame.count; });
  full_at_ = std::max(full_size, 4 * size());  // a large state must not make every move the next one
  return adopted;
}

}  // namespace deskhand
