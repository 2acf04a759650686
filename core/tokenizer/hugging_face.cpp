// A tokenizer.json as it stands: added tokens, normalizer, pre-tokenizer and model, in the order of the Hugging Face
// tokenizers.

#include <fmt/format.h>

#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/cutter.h"
#include "core/tokenizer/token_model.h"
#include "core/tokenizer/tokenizer_json.h"
#include "core/tokenizer/utf8.h"
#include "core/tokenizer/vocabulary_tokenizer.h"

namespace deskhand {
namespace {

using nlohmann::json;

const json& part(const json& root, const char* key) {
  static const json nothing;
  const auto found = root.find(key);
  return found == root.end() ? nothing : *found;
}

/// The vocabulary says what is special: an end of turn is, whatever its entry says.
std::vector<AddedToken> chosen(const std::vector<AddedToken>& tokens, bool normalized, bool special_too,
                               const Vocabulary& vocabulary) {
  std::vector<AddedToken> out;
  for (const AddedToken& token : tokens) {
    const TokenKind kind = vocabulary.kind(token.id);
    const bool special = kind == TokenKind::control || kind == TokenKind::unknown;
    if (token.normalized == normalized && (special_too || !special)) out.push_back(token);
  }
  return out;
}

class HuggingFaceTokenizer final : public VocabularyTokenizer {
 public:
  HuggingFaceTokenizer(const json& root, Cutter cutter, TokenizerJson parts)
      : VocabularyTokenizer(Vocabulary(std::move(parts.table),
                                       cutter.byte_level() ? TokenSpelling::byte_level : TokenSpelling::sentencepiece)),
        normalizer_(part(root, "normalizer")),
        cutter_(std::move(cutter)) {
    adds_bos_ = parts.adds_bos;
    adds_space_ = parts.strips_space;
    const Normalizer as_is(nullptr);
    for (const bool specials : {false, true}) {
      passes_[specials].raw = std::make_unique<AddedTokens>(chosen(parts.added, false, specials, vocabulary_), as_is);
      passes_[specials].normalized =
          std::make_unique<AddedTokens>(chosen(parts.added, true, specials, vocabulary_), normalizer_);
    }
    const json& model = part(root, "model");
    model_ = part(model, "vocab").is_object() ? make_bpe_model(model, vocabulary_, cutter_.byte_level())
                                              : make_unigram_model(model, vocabulary_);
  }

  std::vector<int32_t> encode(std::string_view text, SpecialTokens specials) const override {
    check_size(text);
    const bool parse = specials == SpecialTokens::parse;
    const Passes& passes = passes_[parse];
    std::vector<int32_t> ids;
    const auto token = [&](int32_t id) { ids.push_back(id); };
    passes.raw->cut(
        text,
        [&](std::string_view between, size_t begin) {
          if (passes.normalized->empty()) {
            encode_text(parse ? without_breakers(between) : std::string(between), begin == 0, ids);
            return;
          }
          // These are matched in normalized text, which is normalized no second time.
          const std::string changed = normalized(between);
          passes.normalized->cut(
              changed,
              [&](std::string_view rest, size_t at) {
                encode_normalized(parse ? without_breakers(rest) : std::string(rest), begin + at == 0, ids);
              },
              token);
        },
        token);
    return ids;
  }

 protected:
  void encode_plain(std::string_view text, bool first, std::vector<int32_t>& ids) const override {
    encode_text(std::string(text), first, ids);
  }

 private:
  struct Passes {
    std::unique_ptr<AddedTokens> raw, normalized;
  };

  /// Calls `valid` and `broken` with the parts of the text.
  template <typename Valid, typename Broken>
  static void by_validity(std::string_view text, Valid valid, Broken broken) {
    while (!text.empty()) {
      const size_t good = valid_utf8_prefix(text);
      if (good > 0) valid(text.substr(0, good));
      text.remove_prefix(good);
      size_t bad = 0;
      while (bad < text.size() && !next_utf8(text, bad).valid) bad += next_utf8(text, bad).length;
      if (bad > 0) broken(text.substr(0, bad));
      text.remove_prefix(bad);
    }
  }

  std::string normalized(std::string_view text) const {
    std::string out;
    by_validity(
        text,
        [&](std::string_view good) {
          out += normalizer_.apply(good);
          check_size(out);
        },
        [&](std::string_view bad) { out += bad; });
    return out;
  }

  void encode_text(const std::string& text, bool at_start, std::vector<int32_t>& ids) const {
    encode_normalized(normalizer_.empty() ? text : normalized(text), at_start, ids);
  }

  void encode_normalized(const std::string& text, bool at_start, std::vector<int32_t>& ids) const {
    std::vector<std::string> pieces;
    by_validity(
        text, [&](std::string_view good) { cutter_.cut(good, at_start && good.data() == text.data(), pieces); },
        [&](std::string_view bad) { pieces.emplace_back(bad); });
    for (const std::string& piece : pieces) model_->encode(piece, ids);
    check_size(ids.size());
  }

  Normalizer normalizer_;
  Cutter cutter_;
  std::array<Passes, 2> passes_;  // [0]: control tokens are not matched
  std::unique_ptr<TokenModel> model_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_hugging_face_tokenizer(const Metadata& metadata) {
  json root;
  try {
    root = json::parse(metadata.text("tokenizer.huggingface.json"));
  } catch (const json::parse_error& error) {
    throw ModelFileError(fmt::format("tokenizer.json: no JSON at byte {}", error.byte));
  } catch (const json::exception&) {
    throw ModelFileError("tokenizer.json: a number is out of range");
  }
  if (!root.is_object()) throw ModelFileError("tokenizer.json: expected an object");
  Cutter cutter(part(root, "pre_tokenizer"));
  TokenizerJson parts = read_tokenizer_json(root, metadata, cutter.byte_level());
  return std::make_unique<HuggingFaceTokenizer>(root, std::move(cutter), std::move(parts));
}

}  // namespace deskhand
