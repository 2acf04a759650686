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

}  // namespace

size_t Automaton::FrameHash::operator()(const Frame& frame) const {
  const auto code = static_cast<uint32_t>(frame.code);
  const auto parent = static_cast<uint32_t>(frame.parent);
  return mix(mix(code, frame.count), parent);
}

Automaton::Automaton(Grammar grammar)
    : grammar_(std::move(grammar)),
      program_(grammar_.program()),
      classes_(program_.class_byte.size()),
      frames_{{0, 0, bottom}} {
  pending_.push_back({program_.start, bottom});
  start_ = close();
}

int32_t Automaton::run(int32_t state, std::string_view bytes) {
  for (size_t i = 0; i < bytes.size() && state != dead; ++i) state = step(state, static_cast<uint8_t>(bytes[i]));
  return state;
}

ByteSet Automaton::next_bytes(int32_t state) const {
  const State& s = states_[static_cast<size_t>(state)];
  ByteSet bytes;
  for (size_t i = s.begin; i < s.begin + s.count; ++i) {
    const GrammarProgram::Instruction& instruction = program_.code[static_cast<size_t>(places_[i].address)];
    if (instruction.op == Op::byte) {
      bytes.set(static_cast<size_t>(instruction.operand));
    } else {
      bytes |= program_.syntax.sets[static_cast<size_t>(instruction.operand)];
    }
  }
  return bytes;
}

int32_t Automaton::compute(int32_t state, uint8_t byte_class) {
  const State& s = states_[static_cast<size_t>(state)];
  const uint8_t byte = program_.class_byte[byte_class];
  pending_.clear();
  for (size_t i = s.begin; i < s.begin + s.count; ++i) {
    const GrammarProgram::Instruction& instruction = program_.code[static_cast<size_t>(places_[i].address)];
    if (program_.takes(instruction, byte)) pending_.push_back({instruction.next, places_[i].frame});
  }
  const int32_t next = pending_.empty() ? dead : close();
  transitions_[static_cast<size_t>(state) * classes_ + byte_class] = next;
  return next;
}

int32_t Automaton::push(const Frame& frame) {
  const auto [entry, fresh] = frame_ids_.try_emplace(frame, static_cast<int32_t>(frames_.size()));
  if (fresh) frames_.push_back(frame);
  return entry->second;
}

int32_t Automaton::close() {
  seen_.clear();
  found_.clear();
  accepts_ = false;
  while (!pending_.empty()) {
    const Place place = pending_.back();
    pending_.pop_back();
    if (!seen_.insert(place.key()).second) continue;
    if (seen_.size() > max_places) {
      throw GrammarError(fmt::format("grammar: more than {} ways to read the same text", max_places));
    }
    follow(place);
  }
  if (size() > max_size) throw GrammarError(fmt::format("grammar: its states need more than {} places", max_size));
  return intern(accepts_);
}

void Automaton::follow(Place place) {
  const GrammarProgram::Instruction& instruction = program_.code[static_cast<size_t>(place.address)];
  const auto operand = static_cast<size_t>(instruction.operand);
  const Frame top = frames_[static_cast<size_t>(place.frame)];
  switch (instruction.op) {
    case Op::byte:
    case Op::set:
      found_.push_back(place);
      break;
    case Op::finish:
      if (place.frame == bottom) {
        accepts_ = true;
      } else {
        pending_.push_back({top.code, top.parent});
      }
      break;
    case Op::split:
      for (size_t i = 0; i < static_cast<size_t>(instruction.next); ++i) {
        pending_.push_back({program_.targets[operand + i], place.frame});
      }
      break;
    case Op::call:
      pending_.push_back({program_.rule_start[operand], push({instruction.next, 0, place.frame})});
      break;
    case Op::jump:
      pending_.push_back({program_.rule_start[operand], place.frame});
      break;
    case Op::loop_enter:
      loop(instruction.operand, 0, place.frame);
      break;
    case Op::loop_next:
      loop(instruction.operand, top.count + 1, top.parent);
      break;
  }
}

void Automaton::loop(int32_t index, uint32_t count, int32_t parent) {
  const GrammarProgram::Loop& loop = program_.loops[static_cast<size_t>(index)];
  if (loop.max == GrammarBuilder::unbounded) count = std::min(count, loop.min);  // beyond min all counts are alike
  if (count >= loop.min) pending_.push_back({loop.exit, parent});
  if (count < loop.max) pending_.push_back({loop.body, push({-1 - index, count, parent})});
}

int32_t Automaton::intern(bool accepting) {
  std::sort(found_.begin(), found_.end(), [](const Place& a, const Place& b) { return a.key() < b.key(); });
  uint64_t hash = accepting ? 1 : 2;
  for (const Place& place : found_) hash = mix(hash, place.key());
  const auto [first, last] = state_ids_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const State& s = states_[static_cast<size_t>(entry->second)];
    const auto same = [](const Place& a, const Place& b) { return a.key() == b.key(); };
    const auto begin = places_.begin() + static_cast<std::ptrdiff_t>(s.begin);
    if (s.accepting == accepting &&
        std::equal(begin, begin + static_cast<std::ptrdiff_t>(s.count), found_.begin(), found_.end(), same)) {
      return entry->second;
    }
  }
  const auto id = static_cast<int32_t>(states_.size());
  states_.push_back({places_.size(), found_.size(), accepting});
  places_.insert(places_.end(), found_.begin(), found_.end());
  transitions_.resize(transitions_.size() + classes_, unknown);
  state_ids_.emplace(hash, id);
  return id;
}

int32_t Automaton::adopt(const Automaton& other, int32_t state) {
  std::unordered_map<int32_t, int32_t> moved{{bottom, bottom}};
  const State& s = other.states_[static_cast<size_t>(state)];
  found_.clear();
  for (size_t i = s.begin; i < s.begin + s.count; ++i) {
    std::vector<int32_t> path;
    int32_t frame = other.places_[i].frame;
    for (; !moved.contains(frame); frame = other.frames_[static_cast<size_t>(frame)].parent) path.push_back(frame);
    int32_t mine = moved.at(frame);
    for (auto old = path.rbegin(); old != path.rend(); ++old) {
      const Frame& f = other.frames_[static_cast<size_t>(*old)];
      moved[*old] = mine = push({f.code, f.count, mine});
    }
    found_.push_back({other.places_[i].address, mine});
  }
  return intern(s.accepting);
}

}  // namespace deskhand
