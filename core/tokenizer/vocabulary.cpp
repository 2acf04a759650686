#include "core/tokenizer/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

/// FNV-1a, which can be carried on from one part of a text to the next.
constexpr uint64_t hash_start = 0xcbf29ce484222325u;
uint64_t hash_on(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}
uint32_t hash_end(uint64_t hash) {
  return static_cast<uint32_t>((hash ^ (hash >> 29)) * 0x9E3779B97F4A7C15u >> 32);
}

constexpr uint32_t string_type = 8;

/// What models end their turn with, where the file names no id for it.
constexpr std::array<std::string_view, 12> end_names = {
    "<|eot_id|>",    "<|im_end|>", "<|end|>", "<|return|>", "<|call|>",        "<end_of_turn>",
    "<|endoftext|>", "<|eom_id|>", "<EOT>",   "_<EOT>",     "<|end_of_text|>", "<end_of_utterance>"};

/// Byte of a character of GPT-2's alphabet, or −1. The alphabet ends below U+0144.
std::array<int16_t, 0x144> byte_of_character() {
  std::array<int16_t, 0x144> table;
  table.fill(-1);
  for (int byte = 0; byte < 256; ++byte) {
    table[byte_level_character(static_cast<uint8_t>(byte))] = static_cast<int16_t>(byte);
  }
  return table;
}

/// Appends the bytes that a byte-level text spells; a text outside the alphabet stands for itself.
void append_byte_level(std::string& to, std::string_view text) {
  static const std::array<int16_t, 0x144> table = byte_of_character();
  const size_t before = to.size();
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = next_utf8(text, at);
    if (!c.valid || c.code >= table.size() || table[c.code] < 0) {
      to.resize(before);
      to.append(text);
      return;
    }
    to.push_back(static_cast<char>(table[c.code]));
    at += c.length;
  }
}

void append_with_spaces(std::string& to, std::string_view text) {
  constexpr std::string_view mark = "▁";
  for (size_t at = 0; at < text.size();) {
    const size_t next = std::min(text.find(mark, at), text.size());
    to.append(text.substr(at, next - at));
    if (next < text.size()) to.push_back(' ');
    at = next + mark.size();
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

int byte_token_value(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  const int high = hex_digit(text[3]), low = hex_digit(text[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

const MetadataArray* optional_array(const Metadata& metadata, std::string_view key, size_t expected) {
  if (!metadata.has(key)) return nullptr;
  const MetadataArray& array = metadata.array(key);
  if (array.count != expected) {
    throw ModelFileError(
        fmt::format("model metadata: {} has {} elements, expected one per token: {}", key, array.count, expected));
  }
  return &array;
}

}  // namespace

char32_t byte_level_character(uint8_t byte) {
  const auto keeps = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  if (keeps(byte)) return byte;
  // The others follow U+0100 in increasing order: 0–32, then 127–160, then 173.
  if (byte <= 32) return 0x100u + byte;
  return byte == 173 ? 0x143u : 0x100u + 33 + (byte - 127u);
}

Vocabulary::Vocabulary(const Metadata& metadata, TokenSpelling spelling) {
  const MetadataArray& tokens = metadata.array("tokenizer.ggml.tokens");
  if (tokens.element_type != string_type || tokens.count == 0) {
    throw ModelFileError("model metadata: tokenizer.ggml.tokens must be an array of strings, and not empty");
  }
  copy_texts(tokens.strings);
  read_kinds(metadata);
  index_texts();
  finish(read_special_ids(metadata), spelling);
}

Vocabulary::Vocabulary(VocabularyTable table, TokenSpelling spelling)
    : bos(table.bos), eos(table.eos), unknown(table.unknown), kinds_(std::move(table.kinds)) {
  copy_texts({table.texts.begin(), table.texts.end()});
  ends_.assign(kinds_.size(), false);
  index_texts();
  finish(table.ends, spelling);
}

void Vocabulary::finish(std::span<const int32_t> ends, TokenSpelling spelling) {
  if (bos >= 0) kinds_[static_cast<size_t>(bos)] = TokenKind::control;
  mark_end(eos);
  for (const int32_t id : ends) mark_end(id);
  for (const std::string_view name : end_names) mark_end(find(name));
  // Characters that no token spells must not end or begin a text: they are left out then.
  if (unknown >= 0 && kind(unknown) == TokenKind::control) unknown = -1;
  spell_bytes(spelling);
}

void Vocabulary::copy_texts(const std::vector<std::string_view>& tokens) {
  uint64_t total = 0;
  for (const std::string_view text : tokens) total += text.size();
  if (tokens.size() > (1u << 30) || total > std::numeric_limits<uint32_t>::max()) {
    throw ModelFileError(
        fmt::format("model metadata: the vocabulary holds {} tokens of {} bytes, at most 2^30 "
                    "of 4 GiB are supported",
                    tokens.size(), total));
  }
  texts_.reserve(total);
  text_ends_.reserve(tokens.size());
  for (const std::string_view text : tokens) {
    texts_.append(text);
    text_ends_.push_back(static_cast<uint32_t>(texts_.size()));
    longest_text_ = std::max(longest_text_, text.size());
  }
}

void Vocabulary::read_kinds(const Metadata& metadata) {
  const size_t count = text_ends_.size();
  kinds_.assign(count, TokenKind::normal);
  ends_.assign(count, false);
  const MetadataArray* types = optional_array(metadata, "tokenizer.ggml.token_type", count);
  if (types == nullptr) return;
  const std::vector<int64_t> values = types->as_integers();
  for (size_t i = 0; i < count; ++i) {
    if (values[i] < 0 || values[i] > 6) {
      throw ModelFileError(
          fmt::format("model metadata: tokenizer.ggml.token_type of token {} is {}, expected 0 to 6", i, values[i]));
    }
    if (values[i] != 0) kinds_[i] = static_cast<TokenKind>(values[i]);
    // Rows that only pad the table: their text must never match.
    const std::string_view token = text(static_cast<int32_t>(i));
    if (token.starts_with("[PAD") && token == fmt::format("[PAD{}]", i)) kinds_[i] = TokenKind::unused;
  }
}

void Vocabulary::index_texts() {
  slots_.assign(std::bit_ceil(kinds_.size() * 2), Slot{});
  const size_t mask = slots_.size() - 1;
  for (int32_t id = 0; id < size(); ++id) {
    const std::string_view token = text(id);
    const uint32_t hash = hash_end(hash_on(hash_start, token));
    size_t at = hash & mask;
    while (slots_[at].id >= 0 && !(slots_[at].hash == hash && text(slots_[at].id) == token)) at = (at + 1) & mask;
    if (slots_[at].id < 0) slots_[at] = {hash, id};
  }
}

int32_t Vocabulary::find(std::string_view text) const {
  return find_joined(text, {});
}

int32_t Vocabulary::find_joined(std::string_view first, std::string_view second) const {
  const uint32_t hash = hash_end(hash_on(hash_on(hash_start, first), second));
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at].id >= 0; at = (at + 1) & mask) {
    if (slots_[at].hash != hash) continue;
    const std::string_view token = text(slots_[at].id);
    if (token.size() == first.size() + second.size() && token.starts_with(first) && token.ends_with(second)) {
      return slots_[at].id;
    }
  }
  return -1;
}

void Vocabulary::mark_end(int32_t id) {
  if (id < 0) return;
  ends_[static_cast<size_t>(id)] = true;
  kinds_[static_cast<size_t>(id)] = TokenKind::control;
}

std::vector<int32_t> Vocabulary::read_special_ids(const Metadata& metadata) {
  const auto read = [&](std::string_view name) {
    const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
    if (!metadata.has(key)) return -1;
    const int64_t id = metadata.integer(key);
    if (id < 0 || id >= size()) {
      throw ModelFileError(fmt::format("model metadata: {} is {}, expected 0 to {}", key, id, size() - 1));
    }
    return static_cast<int32_t>(id);
  };
  bos = read("bos");
  eos = read("eos");
  unknown = read("unknown");
  for (const std::string_view name : {"padding", "seperator", "mask", "cls"}) read(name);
  return {read("eot"), read("eom")};
}

void Vocabulary::spell_bytes(TokenSpelling spelling) {
  bytes_.reserve(texts_.size());
  byte_ends_.reserve(kinds_.size());
  for (int32_t id = 0; id < size(); ++id) {
    const std::string_view token = text(id);
    const int value = spelling == TokenSpelling::sentencepiece ? byte_token_value(token) : -1;
    switch (kind(id)) {
      case TokenKind::control:
      case TokenKind::unknown:
      case TokenKind::unused:
        break;
      case TokenKind::byte:
      case TokenKind::normal:
        if (kind(id) == TokenKind::byte && value >= 0) {
          bytes_.push_back(static_cast<char>(value));
        } else if (spelling == TokenSpelling::byte_level) {
          append_byte_level(bytes_, token);
        } else {
          append_with_spaces(bytes_, token);
        }
        break;
      case TokenKind::user_defined:
        if (spelling == TokenSpelling::byte_level) {
          bytes_.append(token);
        } else {
          append_with_spaces(bytes_, token);
        }
        break;
    }
    byte_ends_.push_back(static_cast<uint32_t>(bytes_.size()));
  }
}

}  // namespace deskhand
