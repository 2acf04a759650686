#pragma once
// What must not be written down: which fields are secret, what was put into them, and how records are kept free of it.
//
//   Secrets secrets;
//   secrets.learn("1234");                            // typed into a field labelled PIN
//   secrets.mask("fill(\"PIN\", \"1234\")");          // fill("PIN", "•••")
//   Image shown = secrets.without(picture, screen);   // secret fields, and what shows a secret, filled black
//
// A field is secret by its role (password) or by words of its label (PIN, CVV, card number, one-time code…), not by
// what it holds. Values are found whatever spaces and dashes stand between their characters, and as a model quotes
// them; those shorter than three characters only where they are quoted alone.

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/transcript.h"
#include "platform/image.h"
#include "tools/tool.h"

namespace deskhand {

/// Whether a label or a question speaks of a secret.
bool names_secret(std::string_view label);
/// A field whose content is a secret.
bool is_secret_field(const ScreenElement& element);
/// Whether what is typed there is one: also a label that OCR read, also a terminal that asks for a password.
bool takes_secret(const ScreenElement& element);

class Secrets {
 public:
  static constexpr std::string_view mark = "•••";

  /// Whether an action types what stands in place of a secret: it was recorded, and cannot be done again.
  static bool holds_mark(const Action& action) { return action.input.dump().find(mark) != std::string::npos; }

  void learn(std::string_view value);
  /// Learns what secret fields show.
  void learn_from(const Screen& screen);
  std::string mask(std::string_view text) const;
  /// Every text inside.
  nlohmann::ordered_json mask_all(const nlohmann::ordered_json& value) const;
  Image without(const Image& picture, const Screen& screen);

  /// A reply of the mind for the record, before its actions are done: what they put into secret fields is learned.
  /// Where it cannot be read and a secret is asked for, only the mark is left.
  std::string mask_reply(const std::string& reply, bool readable, std::span<const Action> actions,
                         const Screen& screen);

 private:
  bool is_known(const std::string& text) const { return mask(text) != text; }
  std::vector<std::string> values_;
};

}  // namespace deskhand
