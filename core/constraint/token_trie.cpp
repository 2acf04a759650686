#include "core/constraint/token_trie.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "core/constraint/automaton.h"

namespace deskhand {
namespace {

/// A token with its first eight bytes as a number, so that sorting rarely touches the text.
struct SortEntry {
  uint64_t head;
  std::string_view bytes;
  int32_t id;
};

uint64_t head_of(std::string_view bytes) {
  uint64_t head = 0;
  for (size_t i = 0; i < 8; ++i) head = head << 8 | (i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0);
  return head;
}

bool before(const SortEntry& a, const SortEntry& b) {
  if (a.head != b.head) return a.head < b.head;
  const int order = a.bytes.compare(b.bytes);
  return order != 0 ? order < 0 : a.id < b.id;
}

}  // namespace

TokenTrie::TokenTrie(const Tokenizer& tokenizer) {
  std::vector<std::string_view> bytes(static_cast<size_t>(tokenizer.vocabulary_size()));
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    if (!tokenizer.is_control(id) && !tokenizer.is_end(id)) bytes[static_cast<size_t>(id)] = tokenizer.token_bytes(id);
  }
  build(bytes);
}

TokenTrie::TokenTrie(std::span<const std::string_view> token_bytes) {
  build(token_bytes);
}

void TokenTrie::build(std::span<const std::string_view> token_bytes) {
  next_same_.assign(token_bytes.size(), -1);
  std::vector<SortEntry> sorted;
  sorted.reserve(token_bytes.size());
  for (size_t id = 0; id < token_bytes.size(); ++id) {
    const std::string_view bytes = token_bytes[id];
    if (bytes.size() > UINT16_MAX) {
      throw std::invalid_argument(
          fmt::format("token trie: token {} has {} bytes, at most {}", id, bytes.size(), UINT16_MAX));
    }
    if (!bytes.empty()) sorted.push_back({head_of(bytes), bytes, static_cast<int32_t>(id)});
    longest_ = std::max(longest_, bytes.size());
  }
  std::sort(sorted.begin(), sorted.end(), before);

  nodes_.reserve(2 * sorted.size());
  std::vector<uint32_t> path;  // the open nodes, one per byte of the last token
  std::string_view last;
  int32_t last_id = -1;
  const auto close_to = [&](size_t depth) {
    for (; path.size() > depth; path.pop_back()) nodes_[path.back()].after = static_cast<uint32_t>(nodes_.size());
  };
  for (const SortEntry& entry : sorted) {
    if (last_id >= 0 && entry.bytes == last) {
      next_same_[static_cast<size_t>(last_id)] = entry.id;
    } else {
      const auto [mismatch, _] = std::mismatch(last.begin(), last.end(), entry.bytes.begin(), entry.bytes.end());
      close_to(static_cast<size_t>(mismatch - last.begin()));
      while (path.size() < entry.bytes.size()) {
        const auto byte = static_cast<uint8_t>(entry.bytes[path.size()]);
        nodes_.push_back({0, -1, static_cast<uint16_t>(path.size() + 1), byte});
        path.push_back(static_cast<uint32_t>(nodes_.size() - 1));
      }
      nodes_.back().token = entry.id;
      last = entry.bytes;
    }
    last_id = entry.id;
  }
  close_to(0);
}

void TokenTrie::walk(Automaton& automaton, int32_t state, TokenMask& mask) const {
  std::vector<int32_t> states(longest_ + 1);
  states[0] = state;
  const size_t n = nodes_.size();
  for (size_t i = 0; i < n;) {
    const Node& node = nodes_[i];
    const int32_t next = automaton.step(states[node.depth - size_t{1}], node.byte);
    if (next == Automaton::dead) {
      i = node.after;
      continue;
    }
    states[node.depth] = next;
    for (int32_t id = node.token; id >= 0; id = next_same_[static_cast<size_t>(id)]) mask.set(id);
    ++i;
  }
}

}  // namespace deskhand
