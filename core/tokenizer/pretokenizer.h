#pragma once
// Cuts text into the pieces that byte-level BPE merges within: the regular expressions of the models, by name.
//
//   PreTokenizer cut("qwen2");                        // ModelFileError for a name that is not known
//   std::vector<std::string_view> pieces;
//   cut.split("Hello world", pieces);                 // "Hello", " world"
//
// Each expression in turn cuts what the earlier ones left; what lies between two matches is a piece too. Classes are
// Unicode's, \s is the property White_Space, as in the Hugging Face tokenizers.

#include <string_view>
#include <vector>

#include "core/tokenizer/expression.h"

namespace deskhand {

class PreTokenizer {
 public:
  explicit PreTokenizer(std::string_view name);
  ~PreTokenizer();
  PreTokenizer(PreTokenizer&&) noexcept;

  /// Appends the pieces of valid UTF-8 text, in order; together they are the text.
  void split(std::string_view text, std::vector<std::string_view>& pieces) const;

  bool composes() const { return composes_; }              ///< the model wants NFC
  bool ignores_merges() const { return ignores_merges_; }  ///< a piece that is a token is that token
  bool adds_bos() const { return adds_bos_; }              ///< unless the file says otherwise

 private:
  std::vector<Expression> expressions_;
  bool composes_ = false, ignores_merges_ = false, adds_bos_ = false;
};

}  // namespace deskhand
