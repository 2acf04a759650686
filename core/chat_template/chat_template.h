#pragma once
// Chat templates: the Jinja text inside a model file, rendered as transformers renders it.
//
//   ChatTemplate chat(source, {.bos_token = "<s>", .eos_token = "</s>"});
//   std::string prompt = chat.render({{"messages", messages}, {"add_generation_prompt", true}});
//
// The template is hostile: steps, output size and recursion are bounded; nothing outside the given values is reachable.

#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace deskhand {

/// Syntax errors, raise_exception and exceeded bounds, with the template's own words and line.
class TemplateError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ChatTemplate {
 public:
  struct Tokens {
    std::string bos_token, eos_token;
  };
  /// Parses; throws TemplateError.
  ChatTemplate(std::string_view source, Tokens tokens);
  /// Another template for conversations with tools; throws as the constructor.
  void set_with_tools(std::string_view source);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;

  /// `variables` holds messages, tools, add_generation_prompt and any others by name.
  std::string render(const nlohmann::ordered_json& variables) const;
  /// The same at a given local time, which strftime_now tells.
  std::string render(const nlohmann::ordered_json& variables, const std::tm& now) const;

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

}  // namespace deskhand
