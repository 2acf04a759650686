#pragma once
// A conversation with a model: messages, the session behind them, and what is shown while it speaks.
//
//   Conversation talk(*engine, "You are brief.");
//   Generation reply = talk.say({.text = "Hello"}, options, on_text, context.stop);
//
// What the user typed is the user's; text of the screen is data and is marked as such. Control tokens spelled in either
// stay plain text.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine.h"
#include "vision/multimodal.h"
#include "vision/screen_reader.h"

namespace deskhand {

/// What the user says: pictures, then a text.
struct UserTurn {
  std::string text{};
  std::vector<std::shared_ptr<const Image>> images{};
  std::vector<std::string> paths{};  ///< of the images, for saving; may be empty
};

class Conversation {
 public:
  /// A model without a chat template continues raw text. `eyes` may be null.
  Conversation(Engine& engine, const std::string& system, Multimodal* eyes = nullptr);

  /// Adds a user turn, streams the reply through on_text, keeps it (also when it was stopped half-way).
  Generation say(const UserTurn& turn, const GenerateOptions& options,
                 const std::function<void(std::string_view)>& on_text, std::stop_token stop);
  /// Forgets everything but the system text.
  void clear();

  /// The messages, for restore. Pictures are named by their paths; `keep` writes one that has none and returns its
  /// path.
  nlohmann::ordered_json saved(const std::function<std::string(const Image&)>& keep) const;
  /// Goes on from saved messages; throws FileError when they are not a list of {role, content}. Pictures are read again
  /// from where they were.
  void restore(const nlohmann::ordered_json& messages);
  /// Rows of pictures in the last prompt.
  int64_t image_rows() const { return image_rows_; }

 private:
  ImagePrompt prompt();

  Engine& engine_;
  Multimodal* eyes_;
  std::unique_ptr<Session> session_;
  std::vector<std::shared_ptr<const Image>> images_;  // of all messages
  int64_t image_rows_ = 0;
  nlohmann::ordered_json messages_ = nlohmann::ordered_json::array();
};

/// "prompt of 1200 tokens, 1100 of them known already, the rest in 0.4 s; 30 tokens at 25.0 a second"
std::string usage_line(const Generation& reply);

/// The element list as text that a model reads, marked as data.
std::string screen_as_text(const Screen& screen);

}  // namespace deskhand
