#pragma once
// What a tokenizer.json does to text before it is cut: the "normalizer" of the Hugging Face tokenizers.
//
//   Normalizer normalizer(json["normalizer"]);                  // null: nothing
//   std::string marked = normalizer.apply("a b");               // "a▁b" for Replace " " by "▁"
//
// NFC, Prepend, Replace and sequences of them. Others throw ModelFileError by name.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/tokenizer/expression.h"

namespace deskhand {

class Normalizer {
 public:
  explicit Normalizer(const nlohmann::json& json);

  /// What a text of so many bytes may become: each step could double it.
  static constexpr size_t most_bytes(size_t text) { return 4096 + 64 * text; }

  bool empty() const { return steps_.empty(); }
  /// Of valid UTF-8. Throws std::length_error when the text grows past what `most_bytes` says.
  std::string apply(std::string_view text) const;

 private:
  struct Compose {};
  struct Prepend {
    std::string text;
  };
  struct Replace {
    std::string from, to;
  };
  struct ReplaceMatches {
    Expression from;
    std::string to;
  };
  using Step = std::variant<Compose, Prepend, Replace, ReplaceMatches>;
  void add(const nlohmann::json& json, int depth);
  static std::string apply(const Step& step, std::string text, size_t most);

  std::vector<Step> steps_;
};

}  // namespace deskhand
