#include "core/chat_template/chat_template.h"

#include <optional>

#include "core/chat_template/interpreter.h"

namespace deskhand {

struct ChatTemplate::Program {
  jinja::Block block;
  Tokens tokens;
  std::optional<jinja::Block> with_tools;
};

ChatTemplate::ChatTemplate(std::string_view source, Tokens tokens)
    : program_(std::make_unique<Program>(Program{jinja::parse_template(source), std::move(tokens), std::nullopt})) {}

void ChatTemplate::set_with_tools(std::string_view source) {
  program_->with_tools = jinja::parse_template(source);
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(const nlohmann::ordered_json& variables) const {
  const std::time_t seconds = std::time(nullptr);
  std::tm now{};
  ::localtime_r(&seconds, &now);
  return render(variables, now);
}

std::string ChatTemplate::render(const nlohmann::ordered_json& variables, const std::tm& now) const {
  nlohmann::ordered_json all = {{"bos_token", program_->tokens.bos_token}, {"eos_token", program_->tokens.eos_token}};
  for (const auto& [name, value] : variables.items()) all[name] = value;
  const auto tools = variables.find("tools");
  const bool with_tools = program_->with_tools && tools != variables.end() && !tools->empty();
  return jinja::Interpreter(now).run(with_tools ? *program_->with_tools : program_->block, all);
}

}  // namespace deskhand
