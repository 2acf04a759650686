#pragma once
// A conversation with a model: messages, the session behind them, and what is shown while it speaks.
//
//   Conversation talk(*engine, "You are brief.");
//   Generation reply = talk.say("Hello", options, context.out, context.stop);
//
// What the user typed is the user's; text of the screen is data and is marked as such. Control tokens spelled in either
// stay plain text.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/engine.h"
#include "vision/screen_reader.h"

namespace deskhand {

class Conversation {
 public:
  /// A model without a chat template continues raw text.
  Conversation(Engine& engine, const std::string& system);

  /// Adds a user turn, streams the reply through on_text, keeps it (also when it was stopped half-way).
  Generation say(const std::string& text, const GenerateOptions& options,
                 const std::function<void(std::string_view)>& on_text, std::stop_token stop);
  /// Forgets everything but the system text.
  void clear();

  const nlohmann::ordered_json& messages() const { return messages_; }
  /// Goes on from saved messages; throws FileError when they are not a list of {role, content}.
  void restore(const nlohmann::ordered_json& messages);

 private:
  std::vector<int32_t> prompt_ids() const;
  nlohmann::ordered_json safe_messages() const;

  Engine& engine_;
  std::unique_ptr<Session> session_;
  nlohmann::ordered_json messages_ = nlohmann::ordered_json::array();
};

/// "prompt of 1200 tokens, 1100 of them known already, the rest in 0.4 s; 30 tokens at 25.0 a second"
std::string usage_line(const Generation& reply);

/// The element list as text that a model reads, marked as data.
std::string screen_as_text(const Screen& screen);

}  // namespace deskhand
