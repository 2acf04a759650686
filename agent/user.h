#pragma once
// The human: the only one whose words are permission.
//
//   if (!user.confirm({.action = "click \"Delete\"", .reason = "it deletes"}, stop)) …

#include <optional>
#include <stop_token>
#include <string>

namespace deskhand {

struct Confirmation {
  std::string action{};  ///< 'click button "Delete" in "Files"'
  std::string reason{};  ///< why it is asked about
};

class User {
 public:
  virtual ~User() = default;
  /// Whether the user agrees. False without a terminal, or when stopped.
  virtual bool confirm(const Confirmation& confirmation, std::stop_token stop) = 0;
  /// The user is asked to do something (to type a password) and says when it is done; false: will not.
  virtual bool hand_off(const Confirmation& confirmation, std::stop_token stop) = 0;
  /// The user's answer; empty when nobody answers.
  virtual std::optional<std::string> ask(const std::string& question, std::stop_token stop) = 0;
};

/// Nobody is there: everything is refused.
class AbsentUser final : public User {
 public:
  bool confirm(const Confirmation&, std::stop_token) override { return false; }
  bool hand_off(const Confirmation&, std::stop_token) override { return false; }
  std::optional<std::string> ask(const std::string&, std::stop_token) override { return std::nullopt; }
};

}  // namespace deskhand
