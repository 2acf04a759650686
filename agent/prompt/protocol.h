#pragma once
// The texts that models were trained to read, as files in agent/protocol/: they are protocol, byte by byte.
//
//   filled(protocol_text("qwen35_system"), {{"{DATE}", "Tuesday, November 24, 2026"}})

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace deskhand {

struct ProtocolText {
  std::string_view name, text;
};
std::span<const ProtocolText> all_protocol_texts();
/// The file without its ending. Fails for a name that is none.
std::string_view protocol_text(std::string_view name);
/// With each of the marks, once or more often, replaced. What is put in is not searched.
std::string filled(std::string_view text, std::initializer_list<std::pair<std::string_view, std::string_view>> values);

}  // namespace deskhand
