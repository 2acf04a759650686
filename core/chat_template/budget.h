#pragma once
// What a hostile template may use up: steps, bytes of text, depth of calls.
//
//   Budget budget;
//   budget.step();                       // throws Failure when there are too many
//   Budget::Deeper level(budget);        // one level of recursion, for as long as it lives

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace deskhand::jinja {

/// Anything that a template does wrong; the interpreter adds the line and throws TemplateError.
class Failure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Budget {
 public:
  static constexpr uint64_t max_steps = 10'000'000;
  static constexpr size_t max_text = size_t{32} << 20;    ///< bytes of one text, the output too
  static constexpr size_t max_texts = size_t{512} << 20;  ///< bytes of all texts made
  static constexpr int max_depth = 500;                   ///< nested expressions, statements, calls, values

  void step(uint64_t count = 1) {
    steps_ += count;
    if (steps_ > max_steps) throw Failure("the template takes too many steps");
  }
  /// Before a text of so many bytes is made.
  void make_text(size_t bytes) {
    made_ += bytes;
    if (bytes > max_text || made_ > max_texts) throw Failure("the template makes too much text");
    step(bytes / 64);
  }
  /// Before a list or mapping of so many items is made.
  void make_items(size_t count) {
    step(count);
    make_text(count * 16);
  }

  class Deeper {
   public:
    explicit Deeper(Budget& budget) : budget_(budget) {
      if (budget.depth_ >= max_depth) throw Failure("the template nests too deep");
      ++budget.depth_;
    }
    ~Deeper() { --budget_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Budget& budget_;
  };

 private:
  uint64_t steps_ = 0;
  size_t made_ = 0;
  int depth_ = 0;
};

}  // namespace deskhand::jinja
