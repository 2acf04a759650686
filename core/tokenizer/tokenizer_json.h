#pragma once
// What a tokenizer.json says besides its steps: the vocabulary, the added tokens, how tokens become text again.
//
//   TokenizerJson parts = read_tokenizer_json(json, metadata);
//
// Everything is checked; ModelFileError names what is missing, inconsistent or not supported.

#include <nlohmann/json.hpp>
#include <vector>

#include "core/metadata.h"
#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/vocabulary.h"

namespace deskhand {

struct TokenizerJson {
  VocabularyTable table;
  std::vector<AddedToken> added;
  bool adds_bos = false;
  bool strips_space = false;  ///< one space at the beginning of decoded text
};

/// `metadata` tells bos, eos and the ends of a turn where the directory's other files name them.
TokenizerJson read_tokenizer_json(const nlohmann::json& json, const Metadata& metadata, bool byte_level);

}  // namespace deskhand
