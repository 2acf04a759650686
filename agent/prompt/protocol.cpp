#include "agent/prompt/protocol.h"

#include <algorithm>

#include "kernels/check.h"

namespace deskhand {

std::string_view protocol_text(std::string_view name) {
  for (const ProtocolText& known : all_protocol_texts())
    if (known.name == name) return known.text;
  CHECK(false, "there is no protocol text {}", name);
  return {};
}

std::string filled(std::string_view text, std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto mark = std::find_if(values.begin(), values.end(),
                                   [&](const auto& value) { return text.substr(at).starts_with(value.first); });
    if (mark == values.end()) {
      out += text[at++];
    } else {
      out += mark->second;
      at += mark->first.size();
    }
  }
  return out;
}

}  // namespace deskhand
