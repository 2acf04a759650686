#include "core/constraint/regular_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "core/constraint/character_classes.h"
#include "core/constraint/character_machine.h"
#include "core/constraint/utf8_ranges.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

using Kind = CharacterMachine::Kind;
using Ranges = std::vector<CharacterRange>;
constexpr char32_t none = 0xFFFFFFFF;

/// Recursive descent to parts, which are compiled back to front: each with the node that follows it.
class Parser {
 public:
  Parser(std::string_view pattern, WorkLimit& work) : shown_(pattern), text_(code_points(pattern)), work_(work) {}

  CharacterAutomaton run(ExpressionFinds where) {
    const int32_t root = alternatives();
    if (at_ < text_.size()) refuse("an unpaired )");
    const int32_t match = machine_.add({Kind::match});
    if (where == ExpressionFinds::the_whole_text) {
      const int32_t end = machine_.add({Kind::text_end, match});
      const int32_t body = compile(root, end);
      machine_.start = machine_.add({Kind::text_begin, body});
    } else {  // anything may stand before and behind what is found
      const int32_t any = set({{0, 0x10FFFF}});
      machine_.tail = loop(any, match);
      machine_.start = loop(any, compile(root, machine_.tail));
    }
    return determinise(machine_, work_);
  }

 private:
  struct Part {
    enum class Kind : uint8_t { sequence, choice, repeat, characters, text_begin, text_end } kind;
    std::vector<int32_t> parts;
    uint32_t min = 0, max = 0;
    int32_t set = -1;
  };
  using PartKind = Part::Kind;
  static constexpr uint32_t endless = UINT32_MAX;
  static constexpr int max_depth = 200;

  [[noreturn]] void refuse(const std::string& what) const {
    throw GrammarError(fmt::format("expression \"{}\": {} at {}", shortened(shown_), what, at_));
  }
  [[noreturn]] void unsupported(const std::string& what) const { refuse(what + " is not supported"); }

  char32_t peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : none; }
  bool take(char32_t c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  int32_t part(Part p) {
    parts_.push_back(std::move(p));
    return static_cast<int32_t>(parts_.size() - 1);
  }
  /// The index of the set in the machine, where each is once.
  int32_t set(const Ranges& ranges) {
    work_.spend(10 + ranges.size());
    const auto [entry, fresh] = set_ids_.try_emplace(ranges, static_cast<int32_t>(machine_.sets.size()));
    if (fresh) machine_.sets.push_back(ranges);
    return entry->second;
  }
  int32_t characters(const Ranges& ranges) { return part({PartKind::characters, {}, 0, 0, set(ranges)}); }

  int32_t alternatives() {
    if (++depth_ > max_depth) refuse("groups nested too deep");
    Part choice{PartKind::choice, {}};
    do {
      Part sequence{PartKind::sequence, {}};
      while (peek() != none && peek() != '|' && peek() != ')') sequence.parts.push_back(term());
      choice.parts.push_back(part(std::move(sequence)));
    } while (take('|'));
    --depth_;
    return part(std::move(choice));
  }

  int32_t term() {
    if (take('^')) return part({PartKind::text_begin, {}});
    if (take('$')) return part({PartKind::text_end, {}});
    const int32_t piece = atom();
    uint32_t min = 1, max = 1;
    if (take('*')) {
      min = 0, max = endless;
    } else if (take('+')) {
      max = endless;
    } else if (take('?')) {
      min = 0;
    } else if (take('{')) {
      min = number();
      max = take(',') ? (peek() == '}' ? endless : number()) : min;
      if (!take('}')) refuse("a quantifier without }");
      if (min > max) refuse("a quantifier out of order");
    } else {
      return piece;
    }
    take('?');  // lazy: the same texts
    if (peek() == '*' || peek() == '+' || peek() == '?' || peek() == '{') refuse("nothing to repeat");
    return part({PartKind::repeat, {piece}, min, max});
  }

  uint32_t number() {
    if (peek() < '0' || peek() > '9') refuse("expected a number");
    uint64_t value = 0;
    while (peek() >= '0' && peek() <= '9') value = std::min<uint64_t>(value * 10 + (text_[at_++] - '0'), endless - 1);
    return static_cast<uint32_t>(value);
  }

  int32_t atom() {
    const char32_t c = text_[at_];
    if (c == '*' || c == '+' || c == '?' || c == '{') refuse("nothing to repeat");
    if (c == '}' || c == ']') refuse("an unpaired bracket");
    ++at_;
    if (c == '.') return characters(complement({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
    if (c == '[') return bracket_class();
    if (c == '(') return group();
    if (c != '\\') return characters({{c, c}});
    const char32_t next = peek();
    if (next >= '1' && next <= '9') unsupported("a backreference");
    if (next == 'k') unsupported("a backreference");
    if (next == 'b' || next == 'B') unsupported("a word boundary");
    return characters(escape(false));
  }

  int32_t group() {
    if (take('?')) {
      if (peek() == '=' || peek() == '!') unsupported("lookahead");
      if (peek() == '<' && (peek(1) == '=' || peek(1) == '!')) unsupported("lookbehind");
      if (take('<')) {
        while (peek() != '>' && peek() != none) ++at_;
        if (!take('>')) refuse("a group's name without >");
      } else if (!take(':')) {
        unsupported("this kind of group");
      }
    }
    const int32_t inner = alternatives();
    if (!take(')')) refuse("a group without )");
    return inner;
  }

  /// Behind a backslash: the characters that are meant.
  Ranges escape(bool in_class) {
    const char32_t c = peek();
    if (c == none) refuse("a backslash at the end");
    ++at_;
    if (auto named = class_of_letter(c)) return *named;
    if (c == 'D' || c == 'W' || c == 'S') return complement(*class_of_letter(c + 32));
    if (c == 'p' || c == 'P') return property(c == 'P');
    const char32_t one = escaped_character(c, in_class);
    return {{one, one}};
  }

  char32_t escaped_character(char32_t c, bool in_class) {
    switch (c) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'v':
        return '\v';
      case 'f':
        return '\f';
      case 'r':
        return '\r';
      case '0':
        if (peek() >= '0' && peek() <= '9') unsupported("an octal escape");
        return 0;
      case 'x':
        return hex(2);
      case 'u':
        return unicode_escape();
      case 'c':
        if ((peek() | 32) < 'a' || (peek() | 32) > 'z') refuse("\\c without a letter");
        return text_[at_++] % 32;
      default:
        break;
    }
    if (in_class && c == 'b') return '\b';
    if (std::u32string_view(U"^$\\.*+?()[]{}|/").find(c) != std::u32string_view::npos || (in_class && c == '-'))
      return c;
    // Outside the u flag punctuation may be escaped too.
    if (c < 0x80 && std::u32string_view(U"-\"'!#%&,:;<=>@_`~ ").find(c) != std::u32string_view::npos) return c;
    std::string shown;
    append_utf8(shown, c);
    unsupported(fmt::format("the escape \\{}", shown));
  }

  char32_t hex(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const char32_t c = peek();
      const bool digit = c >= '0' && c <= '9', letter = (c | 32) >= 'a' && (c | 32) <= 'f';
      if (!digit && !letter) refuse("expected a hexadecimal digit");
      value = value * 16 + (digit ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
  }

  char32_t unicode_escape() {
    if (take('{')) {
      char32_t value = 0;
      do {
        value = value * 16 + hex(1);
        if (value > 0x10FFFF) refuse("a character beyond U+10FFFF");
      } while (peek() != '}' && peek() != none);
      if (!take('}')) refuse("\\u{ without }");
      return value;
    }
    const char32_t value = hex(4);
    if (value >= 0xD800 && value < 0xDC00 && peek() == '\\' && peek(1) == 'u') {
      at_ += 2;
      const char32_t low = hex(4);
      if (low < 0xDC00 || low > 0xDFFF) refuse("half a surrogate pair");
      return 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
    }
    return value;
  }

  Ranges property(bool negated) {
    if (!take('{')) refuse("\\p without {");
    std::string name;
    while (peek() != '}' && peek() != none) append_utf8(name, text_[at_++]);
    if (!take('}')) refuse("\\p{ without }");
    const auto ranges = unicode_property(name);
    if (!ranges) unsupported(fmt::format("\\p{{{}}}", name));
    return negated ? complement(*ranges) : *ranges;
  }

  int32_t bracket_class() {
    const bool negated = take('^');
    Ranges ranges;
    while (!take(']')) {
      if (peek() == none) refuse("a class without ]");
      const Ranges first = class_atom();
      if (peek() != '-' || peek(1) == ']' || peek(1) == none) {
        ranges.insert(ranges.end(), first.begin(), first.end());
        continue;
      }
      ++at_;
      const Ranges last = class_atom();
      const auto single = [](const Ranges& r) { return r.size() == 1 && r[0].first == r[0].last; };
      if (!single(first) || !single(last)) refuse("a range between classes");
      if (first[0].first > last[0].first) refuse("a range out of order");
      ranges.push_back({first[0].first, last[0].first});
    }
    work_.spend(10 * ranges.size());
    Ranges outside = complement(std::move(ranges));
    return characters(negated ? outside : complement(std::move(outside)));
  }

  Ranges class_atom() {
    const char32_t c = text_[at_++];
    if (c != '\\') return {{c, c}};
    return escape(true);
  }

  /// Before `next`, any number of the set's characters.
  int32_t loop(int32_t characters, int32_t next) {
    const int32_t fork = machine_.add({Kind::split, -1, next});
    machine_.nodes[static_cast<size_t>(fork)].next = machine_.add({Kind::characters, fork, -1, characters});
    return fork;
  }

  int32_t compile(int32_t index, int32_t next) {
    work_.spend(1);
    const Part& p = parts_[static_cast<size_t>(index)];
    switch (p.kind) {
      case PartKind::characters:
        return machine_.add({Kind::characters, next, -1, p.set});
      case PartKind::text_begin:
        return machine_.add({Kind::text_begin, next});
      case PartKind::text_end:
        return machine_.add({Kind::text_end, next});
      case PartKind::sequence:
        for (size_t i = p.parts.size(); i-- > 0;) next = compile(p.parts[i], next);
        return next;
      case PartKind::choice: {
        int32_t way = compile(p.parts.back(), next);
        for (size_t i = p.parts.size() - 1; i-- > 0;) {
          const int32_t other = compile(p.parts[i], next);
          way = machine_.add({Kind::split, other, way});
        }
        return way;
      }
      case PartKind::repeat:
        return repeat(p.parts[0], p.min, p.max, next);
    }
    refuse("an unknown part");
  }

  int32_t repeat(int32_t piece, uint32_t min, uint32_t max, int32_t next) {
    if (max == endless) {
      const int32_t fork = machine_.add({Kind::split, -1, next});
      const int32_t body = compile(piece, fork);
      machine_.nodes[static_cast<size_t>(fork)].next = body;
      next = fork;
    } else {
      const int32_t end = next;
      for (uint32_t i = min; i < max; ++i) {
        const int32_t body = compile(piece, next);
        next = machine_.add({Kind::split, body, end});
      }
    }
    for (uint32_t i = 0; i < min; ++i) {
      machine_.add({Kind::split, next, next});  // an empty piece counts too
      next = compile(piece, next);
    }
    return next;
  }

  std::string_view shown_;
  std::u32string text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::vector<Part> parts_;
  CharacterMachine machine_;
  std::map<Ranges, int32_t> set_ids_;
  WorkLimit& work_;
};

}  // namespace

CharacterAutomaton regular_expression(std::string_view pattern, WorkLimit& work, ExpressionFinds where) {
  constexpr size_t longest = 10'000;
  if (pattern.size() > longest) throw GrammarError(fmt::format("expression: longer than {} bytes", longest));
  return Parser(pattern, work).run(where);
}

}  // namespace deskhand
