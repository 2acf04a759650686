#pragma once
// The human at the terminal: asked on stderr, answers on stdin; without a terminal everything is refused.
//
//   TerminalUser user(context);
//   if (user.confirm({.action = "click \"Delete\"", .reason = "it deletes"}, stop)) …

#include <optional>
#include <string>

#include "agent/user.h"
#include "apps/cli/command.h"
#include "apps/cli/line_reader.h"

namespace deskhand {

class TerminalUser final : public User {
 public:
  explicit TerminalUser(CommandContext& context);
  bool confirm(const Confirmation& confirmation, std::stop_token stop) override;
  bool hand_off(const Confirmation& confirmation, std::stop_token stop) override;
  std::optional<std::string> ask(const std::string& question, std::stop_token stop) override;

 private:
  bool yes(const std::string& question);

  CommandContext& context_;
  std::optional<LineReader> reader_;  ///< only with a terminal
};

}  // namespace deskhand
