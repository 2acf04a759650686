#include "agent/transcript.h"

#include <fmt/format.h>

namespace deskhand {
namespace {

std::string value_in_words(const nlohmann::json& value) {
  if (!value.is_array()) return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string text;
  for (const nlohmann::json& item : value) text += (text.empty() ? "" : ", ") + value_in_words(item);
  return text;
}

}  // namespace

std::string call_in_words(const Action& action) {
  std::string arguments;
  for (const auto& [name, value] : action.input.items())
    arguments += (arguments.empty() ? "" : ", ") + value_in_words(value);
  return fmt::format("{}({})", action.name, arguments);
}

}  // namespace deskhand
