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

/// Appends tokens that come sorted.
class TokenTrie::NodeWriter {
 public:
  explicit NodeWriter(Nodes& nodes) : nodes_(nodes) {}
  ~NodeWriter() { close_to(0); }

  void add(std::string_view bytes, int32_t id) {
    const auto [mismatch, _] = std::mismatch(last_.begin(), last_.end(), bytes.begin(), bytes.end());
    close_to(static_cast<size_t>(mismatch - last_.begin()));
    while (path_.size() < bytes.size()) {
      const auto byte = static_cast<uint8_t>(bytes[path_.size()]);
      nodes_.push_back({0, -1, static_cast<uint16_t>(path_.size() + 1), byte});
      path_.push_back(static_cast<uint32_t>(nodes_.size() - 1));
    }
    nodes_.back().token = id;
    last_ = bytes;
  }

 private:
  void close_to(size_t depth) {
    for (; path_.size() > depth; path_.pop_back()) nodes_[path_.back()].after = static_cast<uint32_t>(nodes_.size());
  }

  Nodes& nodes_;
  std::vector<uint32_t> path_;  ///< the open nodes, one per byte of the last token
  std::string_view last_;
};

TokenTrie::TokenTrie(const Tokenizer& tokenizer, std::span<const std::string> controls) {
  std::vector<std::string_view> bytes(static_cast<size_t>(tokenizer.vocabulary_size()));
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    if (!tokenizer.is_control(id) && !tokenizer.is_end(id)) bytes[static_cast<size_t>(id)] = tokenizer.token_bytes(id);
  }
  for (const std::string& text : controls)
    if (const int32_t id = tokenizer.find(text); id >= 0 && tokenizer.is_control(id) && !tokenizer.is_end(id))
      bytes[static_cast<size_t>(id)] = tokenizer.token_text(id);
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

  short_.reserve(2 * sorted.size());
  NodeWriter short_tokens(short_), long_tokens(long_);
  for (size_t i = 0; i < sorted.size(); ++i) {
    const SortEntry& entry = sorted[i];
    if (i > 0 && entry.bytes == sorted[i - 1].bytes) {
      next_same_[static_cast<size_t>(sorted[i - 1].id)] = entry.id;
    } else {
      (entry.bytes.size() <= short_bytes ? short_tokens : long_tokens).add(entry.bytes, entry.id);
    }
  }
}

void TokenTrie::walk_short(Automaton& automaton, int32_t state, TokenMask& mask) const {
  walk(short_, automaton, state, mask);
}

void TokenTrie::walk_long(Automaton& automaton, int32_t state, TokenMask& mask) const {
  walk(long_, automaton, state, mask);
}

void TokenTrie::walk(const Nodes& nodes, Automaton& automaton, int32_t state, TokenMask& mask) const {
  std::vector<int32_t> states(longest_ + 1);
  states[0] = state;
  const size_t n = nodes.size();
  for (size_t i = 0; i < n;) {
    const Node& node = nodes[i];
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
