#include "core/chat_template/chat_template.h"

#include "core/chat_template/interpreter.h"

namespace deskhand {

struct ChatTemplate::Program {
  jinja::Block block;
  Tokens tokens;
};

ChatTemplate::ChatTemplate(std::string_view source, Tokens tokens)
    : program_(std::make_unique<Program>(Program{jinja::parse_template(source), std::move(tokens)})) {}

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
  return jinja::Interpreter(now).run(program_->block, all);
}

}  // namespace deskhand
