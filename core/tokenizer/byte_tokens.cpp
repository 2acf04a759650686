#include "core/tokenizer/byte_tokens.h"

#include <fmt/format.h>

namespace deskhand {

std::array<int32_t, 256> byte_tokens(const Vocabulary& vocabulary) {
  std::array<int32_t, 256> out{};
  for (int byte = 0; byte < 256; ++byte) {
    const int32_t id = vocabulary.find(fmt::format("<0x{:02X}>", byte));
    const bool control = id >= 0 && vocabulary.kind(id) == TokenKind::control;
    out[static_cast<size_t>(byte)] = control ? -1 : id;
  }
  return out;
}

bool append_byte_tokens(std::string_view text, const std::array<int32_t, 256>& tokens, std::vector<int32_t>& ids) {
  for (const char c : text) {
    if (tokens[static_cast<uint8_t>(c)] < 0) return false;
  }
  for (const char c : text) ids.push_back(tokens[static_cast<uint8_t>(c)]);
  return true;
}

}  // namespace deskhand
