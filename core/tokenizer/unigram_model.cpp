// The unigram language model of a tokenizer.json: the spelling of a piece with the best sum of log-probabilities.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/hugging_face/json_fields.h"
#include "core/tokenizer/byte_tokens.h"
#include "core/tokenizer/token_model.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

class UnigramModel final : public TokenModel {
 public:
  UnigramModel(const JsonFields& fields, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), falls_back_(fields.boolean_if("byte_fallback").value_or(false)) {
    const nlohmann::json* pieces = fields.find("vocab");
    double least = 0.0;
    int32_t id = 0;
    for (const nlohmann::json& piece : *pieces) {
      const double score = piece[1].get<double>();  // the shape was checked when the vocabulary was read
      least = id == 0 ? score : std::min(least, score);
      const TokenKind kind = vocabulary.kind(id);
      const std::string_view text = vocabulary.text(id);
      if (text.size() > most_token_bytes) fields.fail(fmt::format("token {} has {} bytes", id, text.size()));
      if (kind != TokenKind::control && kind != TokenKind::unknown && !text.empty())
        tokens_.push_back({text, id, score});
      ++id;
    }
    unknown_score_ = least - 10.0;
    std::sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) { return a.text < b.text; });
    byte_ids_ = byte_tokens(vocabulary);
  }

  void encode(std::string_view piece, std::vector<int32_t>& ids) const override {
    std::vector<Node> best(piece.size() + 1);
    best[0].score = 0.0;
    for (size_t at = 0; at < piece.size();) {
      const size_t character = next_utf8(piece, at).length;
      bool spelled = false;
      for_each_prefix(piece.substr(at), [&](const Token& token) {
        best[at + token.text.size()].offer(best[at].score + token.score, at, token.id);
        spelled = spelled || token.text.size() == character;
      });
      if (!spelled) best[at + character].offer(best[at].score + unknown_score_, at, -1);
      at += character;
    }
    emit(piece, best, ids);
  }

 private:
  static constexpr size_t most_token_bytes = 4096;
  struct Token {
    std::string_view text;
    int32_t id;
    double score;
  };
  /// The best spelling that ends at a byte.
  struct Node {
    double score = -std::numeric_limits<double>::infinity();
    size_t from = 0;
    int32_t id = -1;  ///< −1: unknown
    void offer(double s, size_t f, int32_t i) {
      if (s > score) *this = {s, f, i};
    }
  };

  /// The tokens that the text begins with, shortest first.
  template <typename Use>
  void for_each_prefix(std::string_view text, Use use) const {
    auto low = tokens_.begin(), high = tokens_.end();
    for (size_t depth = 0; low != high && depth <= text.size(); ++depth) {
      if (low->text.size() == depth && depth > 0) use(*low);
      while (low != high && low->text.size() == depth) ++low;
      if (depth == text.size()) break;
      const auto byte = static_cast<unsigned char>(text[depth]);
      const auto at_depth = [depth](const Token& t) { return static_cast<unsigned char>(t.text[depth]); };
      low = std::partition_point(low, high, [&](const Token& t) { return at_depth(t) < byte; });
      high = std::partition_point(low, high, [&](const Token& t) { return at_depth(t) <= byte; });
    }
  }

  /// Neighbouring unknown characters are one.
  void emit(std::string_view piece, const std::vector<Node>& best, std::vector<int32_t>& ids) const {
    struct Part {
      size_t begin, end;
      int32_t id;
    };
    std::vector<Part> parts;
    for (size_t end = piece.size(); end > 0; end = best[end].from) {
      const Node& node = best[end];
      if (node.id < 0 && !parts.empty() && parts.back().id < 0) {
        parts.back().begin = node.from;
      } else {
        parts.push_back({node.from, end, node.id});
      }
    }
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (part->id >= 0) {
        ids.push_back(part->id);
      } else if (!falls_back_ ||
                 !append_byte_tokens(piece.substr(part->begin, part->end - part->begin), byte_ids_, ids)) {
        if (vocabulary_.unknown >= 0) ids.push_back(vocabulary_.unknown);
      }
    }
  }

  const Vocabulary& vocabulary_;
  bool falls_back_;
  std::vector<Token> tokens_;  // sorted by text
  double unknown_score_ = 0.0;
  std::array<int32_t, 256> byte_ids_{};
};

}  // namespace

std::unique_ptr<TokenModel> make_unigram_model(const nlohmann::json& model, const Vocabulary& vocabulary) {
  return std::make_unique<UnigramModel>(JsonFields(model, "tokenizer.json: Unigram model"), vocabulary);
}

}  // namespace deskhand
