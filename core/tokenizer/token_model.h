#pragma once
// From a piece of text to ids: the "model" of a tokenizer.json.
//
//   std::unique_ptr<TokenModel> model = make_bpe_model(json["model"], vocabulary, byte_level);
//   model->encode("hello", ids);
//
// The vocabulary must outlive the model. A control token is never the outcome, whatever the text spells.
// Source of both algorithms: the Hugging Face tokenizers.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/tokenizer/vocabulary.h"

namespace deskhand {

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  /// Appends the ids of a piece; bytes that are no UTF-8 count as characters that no token spells.
  virtual void encode(std::string_view piece, std::vector<int32_t>& ids) const = 0;
};

/// Pairs merge by rank. byte_level: symbols are bytes, else characters.
std::unique_ptr<TokenModel> make_bpe_model(const nlohmann::json& model, const Vocabulary& vocabulary, bool byte_level);

/// The most probable way to spell a piece with tokens.
std::unique_ptr<TokenModel> make_unigram_model(const nlohmann::json& model, const Vocabulary& vocabulary);

}  // namespace deskhand
