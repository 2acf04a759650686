#pragma once
// Regular expressions that cut text, as the tokenizers of Hugging Face write them.
//
//   Expression digits(R"(\p{N})");
//   std::vector<std::string_view> pieces;
//   Expression::Workspace workspace;
//   digits.split("a12", workspace, pieces);                          // "a", "1", "2"
//
// Classes are Unicode's, \s is the property White_Space. Matching is PCRE2's with its limits: what takes too long on a
// text throws std::runtime_error.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

class Expression {
 public:
  /// Throws ModelFileError for what is no expression, or means another thing in the Hugging Face tokenizers.
  explicit Expression(std::string_view source);
  ~Expression();
  Expression(Expression&&) noexcept;

  /// What matching needs besides the expression, one per thread; it may be used again for other expressions.
  class Workspace {
   public:
    Workspace();
    ~Workspace();

   private:
    friend class Expression;
    struct Parts;
    std::unique_ptr<Parts> parts_;
  };

  /// Calls `use(begin, end)` for every match in valid UTF-8 text, in order; none is empty.
  void for_each_match(std::string_view text, Workspace& with, const std::function<void(size_t, size_t)>& use) const;
  /// Appends the matches and what lies between them.
  void split(std::string_view text, Workspace& with, std::vector<std::string_view>& pieces) const;

 private:
  struct Code;
  std::unique_ptr<Code> code_;
};

}  // namespace deskhand
