#include "core/constraint/grammar_constraint.h"

#include <fmt/format.h>

#include <stdexcept>
#include <unordered_map>

#include "core/constraint/automaton.h"

namespace deskhand {

struct GrammarConstraint::Shared {
  static constexpr size_t max_mask_bytes = size_t{8} << 20;

  Shared(Grammar grammar, const TokenTrie& vocabulary) : automaton(std::move(grammar)), trie(vocabulary) {}

  const TokenMask& mask_of(int32_t state) {
    if (const auto found = masks_.find(state); found != masks_.end()) return found->second;
    TokenMask mask = short_mask_of(automaton.blurred(state, TokenTrie::short_bytes));
    trie.walk_long(automaton, state, mask);
    return keep(masks_, state, std::move(mask));
  }

  Automaton automaton;
  const TokenTrie& trie;

 private:
  using Masks = std::unordered_map<int32_t, TokenMask>;

  const TokenMask& short_mask_of(int32_t blurred) {
    if (const auto found = short_masks_.find(blurred); found != short_masks_.end()) return found->second;
    TokenMask mask(trie.vocabulary_size());
    trie.walk_short(automaton, blurred, mask);
    return keep(short_masks_, blurred, std::move(mask));
  }

  const TokenMask& keep(Masks& kept, int32_t state, TokenMask mask) {
    if (kept.size() * static_cast<size_t>(trie.vocabulary_size()) / 8 > max_mask_bytes) kept.clear();
    return kept.emplace(state, std::move(mask)).first->second;
  }

  Masks masks_, short_masks_;  ///< by state, and by blurred state for the short tokens alone
};

GrammarConstraint::GrammarConstraint(Grammar grammar, const TokenTrie& trie)
    : shared_(std::make_shared<Shared>(std::move(grammar), trie)), state_(shared_->automaton.start()) {}

void GrammarConstraint::allowed(TokenMask& mask) const {
  mask.assign(shared_->mask_of(state_));
}

std::string GrammarConstraint::forced() const {
  Automaton& automaton = shared_->automaton;
  std::string bytes;
  for (int32_t state = state_; bytes.size() < max_forced && !automaton.accepting(state);) {
    const ByteSet next = automaton.next_bytes(state);
    if (next.count() != 1) break;
    const auto byte = static_cast<uint8_t>(next._Find_first());
    bytes.push_back(static_cast<char>(byte));
    state = automaton.step(state, byte);
  }
  return bytes;
}

void GrammarConstraint::accept(std::string_view bytes) {
  int32_t state = state_;
  for (size_t i = 0; i < bytes.size(); ++i) {
    state = shared_->automaton.step(state, static_cast<uint8_t>(bytes[i]));
    if (state == Automaton::dead) {
      throw std::invalid_argument(fmt::format("grammar: byte 0x{:02X} at {} of {} accepted bytes cannot come here",
                                              static_cast<uint8_t>(bytes[i]), i, bytes.size()));
    }
  }
  state_ = state;
  move_when_full();
}

bool GrammarConstraint::may_end() const {
  return shared_->automaton.accepting(state_);
}

bool GrammarConstraint::must_end() const {
  return may_end() && shared_->automaton.next_bytes(state_).none();
}

std::unique_ptr<Constraint> GrammarConstraint::clone() const {
  return std::make_unique<GrammarConstraint>(*this);
}

void GrammarConstraint::move_when_full() {
  if (!shared_->automaton.full()) return;
  auto fresh = std::make_shared<Shared>(shared_->automaton.grammar(), shared_->trie);
  state_ = fresh->automaton.adopt(shared_->automaton, state_);
  shared_ = std::move(fresh);
}

}  // namespace deskhand
