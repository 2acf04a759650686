#include "core/constraint/matcher.h"

#include "core/constraint/automaton.h"

namespace deskhand {

Matcher::Matcher(const Grammar& grammar)
    : automaton_(std::make_unique<Automaton>(grammar)), state_(automaton_->start()) {}

Matcher::~Matcher() = default;

size_t Matcher::accept(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (state_ != Automaton::dead) state_ = automaton_->step(state_, static_cast<uint8_t>(bytes[i]));
    if (state_ == Automaton::dead) return i;
    if (!automaton_->full()) continue;
    auto fresh = std::make_unique<Automaton>(automaton_->grammar());
    state_ = fresh->adopt(*automaton_, state_);
    automaton_ = std::move(fresh);
  }
  return bytes.size();
}

bool Matcher::complete() const {
  return state_ != Automaton::dead && automaton_->accepting(state_);
}

}  // namespace deskhand
