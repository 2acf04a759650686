#include "agent/prompt/model_name.h"

#include <algorithm>
#include <string>

namespace deskhand {
namespace {

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_' || c == '/') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

}  // namespace

bool is_named(const ModelInfo& info, std::initializer_list<std::string_view> parts) {
  const std::string name = folded(info.name);
  return std::all_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

}  // namespace deskhand
