#pragma once
// How a tokenizer.json cuts text into the pieces that its model sees: the "pre_tokenizer" of the Hugging Face
// tokenizers.
//
//   Cutter cutter(json["pre_tokenizer"]);                       // null: one piece
//   cutter.cut("Hello world", true, pieces);                    // "Hello", " world"
//
// ByteLevel, Digits, Metaspace, Punctuation, Split and sequences of them. Others throw ModelFileError by name.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/tokenizer/expression.h"

namespace deskhand {

class Cutter {
 public:
  explicit Cutter(const nlohmann::json& json);

  /// Whether pieces are bytes in GPT-2's alphabet. They are given as the bytes themselves.
  bool byte_level() const { return byte_level_; }
  /// Appends the pieces of valid UTF-8. `at_start`: the text begins where the whole text does.
  void cut(std::string_view text, bool at_start, std::vector<std::string>& pieces) const;

 private:
  enum class Behaviour { removed, isolated, contiguous, merged_with_previous, merged_with_next };
  struct Split {
    Expression pattern;
    Behaviour behaviour = Behaviour::isolated;
    bool invert = false;
  };
  struct SpaceBefore {};  ///< unless there is one
  struct Metaspace {
    std::string mark;
    bool always = false, first = false, split = false;
  };
  using Step = std::variant<Split, SpaceBefore, Metaspace>;
  struct Piece {
    std::string text;
    bool at_start = false;
  };
  void add(const nlohmann::json& json, int depth);
  void add_split(const class JsonFields& fields);
  void add_metaspace(const class JsonFields& fields);
  static Behaviour behaviour_of(const class JsonFields& fields, const std::string& fallback);
  static void apply(const Split& step, const Piece& piece, Expression::Workspace& with, std::vector<Piece>& out);
  static void apply(const SpaceBefore& step, const Piece& piece, Expression::Workspace& with, std::vector<Piece>& out);
  static void apply(const Metaspace& step, const Piece& piece, Expression::Workspace& with, std::vector<Piece>& out);

  std::vector<Step> steps_;
  bool byte_level_ = false;
};

}  // namespace deskhand
