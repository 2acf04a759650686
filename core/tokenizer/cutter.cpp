#include "core/tokenizer/cutter.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/hugging_face/json_fields.h"
#include "core/metadata.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

constexpr std::string_view gpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// An expression that matches the text itself.
std::string literal_pattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c & 0x80) != 0;
    if (!plain) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

struct Range {
  size_t begin, end;
  bool match;
};

/// The ranges of all matches and of what lies between.
std::vector<Range> ranges_of(const Expression& pattern, std::string_view text, Expression::Workspace& with) {
  std::vector<Range> out;
  size_t at = 0;
  pattern.for_each_match(text, with, [&](size_t begin, size_t end) {
    if (begin > at) out.push_back({at, begin, false});
    out.push_back({begin, end, true});
    at = end;
  });
  if (at < text.size()) out.push_back({at, text.size(), false});
  return out;
}

/// Neighbours that match, or that do not, become one.
std::vector<Range> contiguous(const std::vector<Range>& ranges) {
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (!out.empty() && out.back().match == range.match) {
      out.back().end = range.end;
    } else {
      out.push_back(range);
    }
  }
  return out;
}

/// A match joins what comes before it, unless that ended with a match.
std::vector<Range> merged_with_previous(const std::vector<Range>& ranges) {
  std::vector<Range> out;
  bool after_match = false;
  for (const Range& range : ranges) {
    if (range.match && !after_match && !out.empty()) {
      out.back().end = range.end;
    } else {
      out.push_back(range);
    }
    after_match = range.match;
  }
  return out;
}

std::vector<Range> merged_with_next(const std::vector<Range>& ranges) {
  std::vector<Range> out;
  bool before_match = false;
  for (auto range = ranges.rbegin(); range != ranges.rend(); ++range) {
    if (range->match && !before_match && !out.empty()) {
      out.back().begin = range->begin;
    } else {
      out.push_back(*range);
    }
    before_match = range->match;
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

Cutter::Cutter(const nlohmann::json& json) {
  if (!json.is_null()) add(json, 0);
}

Cutter::Behaviour Cutter::behaviour_of(const JsonFields& fields, const std::string& fallback) {
  constexpr std::pair<std::string_view, Behaviour> names[] = {{"Removed", Behaviour::removed},
                                                              {"Isolated", Behaviour::isolated},
                                                              {"Contiguous", Behaviour::contiguous},
                                                              {"MergedWithPrevious", Behaviour::merged_with_previous},
                                                              {"MergedWithNext", Behaviour::merged_with_next}};
  const std::string name = fields.text_of({"behavior"}, fallback);
  for (const auto& [known, behaviour] : names) {
    if (name == known) return behaviour;
  }
  fields.fail(fmt::format("the behavior '{}' is not known", one_line(name)));
}

void Cutter::add_split(const JsonFields& fields) {
  const auto pattern = fields.object("pattern");
  const auto expression = pattern ? pattern->text_if("Regex") : std::nullopt;
  const auto text = pattern ? pattern->text_if("String") : std::nullopt;
  if (!expression && (!text || text->empty())) fields.fail("a Split needs a pattern");
  steps_.emplace_back(Split{Expression(expression ? *expression : literal_pattern(*text)), behaviour_of(fields, "?"),
                            fields.boolean_if("invert").value_or(false)});
}

void Cutter::add_metaspace(const JsonFields& fields) {
  const bool prefix = fields.boolean_if("add_prefix_space").value_or(true);  // the older spelling
  const std::string scheme = fields.text_of({"prepend_scheme"}, prefix ? "always" : "never");
  if (scheme != "always" && scheme != "first" && scheme != "never") {
    fields.fail(fmt::format("the prepend_scheme '{}' is not known", one_line(scheme)));
  }
  std::string mark = fields.text_of({"replacement"}, "▁");
  if (mark.empty() || !next_utf8(mark, 0).valid || next_utf8(mark, 0).length != mark.size()) {
    fields.fail(fmt::format("the replacement of a Metaspace has {} bytes, expected one character", mark.size()));
  }
  // Each could put another mark in front of every piece, and cut there again.
  const auto is_metaspace = [](const Step& step) { return std::holds_alternative<Metaspace>(step); };
  if (std::any_of(steps_.begin(), steps_.end(), is_metaspace)) fields.fail("a second Metaspace is not supported");
  steps_.emplace_back(Metaspace{.mark = std::move(mark),
                                .always = scheme == "always",
                                .first = scheme == "first",
                                .split = fields.boolean_if("split").value_or(true)});
}

void Cutter::add(const nlohmann::json& json, int depth) {
  constexpr int deepest = 8;
  const JsonFields fields(json, "tokenizer.json: pre_tokenizer");
  const std::string type = fields.text_of({"type"}, "?");
  if (byte_level_ && type != "Sequence") fields.fail(fmt::format("'{}' stands behind ByteLevel", one_line(type)));
  if (type == "Sequence" && depth < deepest) {
    const nlohmann::json* parts = fields.find("pretokenizers");
    if (parts == nullptr || !parts->is_array()) fields.fail("a Sequence needs a list of pretokenizers");
    for (const auto& part : *parts) add(part, depth + 1);
  } else if (type == "ByteLevel") {
    if (fields.boolean_if("add_prefix_space").value_or(true)) steps_.emplace_back(SpaceBefore{});
    if (fields.boolean_if("use_regex").value_or(true)) steps_.emplace_back(Split{Expression(gpt2)});
    byte_level_ = true;
  } else if (type == "Digits") {
    const bool each = fields.boolean_if("individual_digits").value_or(false);
    steps_.emplace_back(Split{Expression(R"(\p{N})"), each ? Behaviour::isolated : Behaviour::contiguous});
  } else if (type == "Punctuation") {
    steps_.emplace_back(Split{Expression(R"([!-/:-@\[-`{-~\p{P}])"), behaviour_of(fields, "Isolated")});
  } else if (type == "Split") {
    add_split(fields);
  } else if (type == "Metaspace") {
    add_metaspace(fields);
  } else {
    fields.fail(fmt::format(
        "'{}' is not supported; known are ByteLevel, Digits, Metaspace, Punctuation, Sequence, Split", one_line(type)));
  }
}

void Cutter::apply(const Split& step, const Piece& piece, Expression::Workspace& with, std::vector<Piece>& out) {
  std::vector<Range> ranges = ranges_of(step.pattern, piece.text, with);
  if (step.invert) {
    for (Range& range : ranges) range.match = !range.match;
  }
  if (step.behaviour == Behaviour::contiguous) ranges = contiguous(ranges);
  if (step.behaviour == Behaviour::merged_with_previous) ranges = merged_with_previous(ranges);
  if (step.behaviour == Behaviour::merged_with_next) ranges = merged_with_next(ranges);
  for (const Range& range : ranges) {
    if (step.behaviour == Behaviour::removed && range.match) continue;
    out.push_back({piece.text.substr(range.begin, range.end - range.begin), piece.at_start && range.begin == 0});
  }
}

void Cutter::apply(const SpaceBefore&, const Piece& piece, Expression::Workspace&, std::vector<Piece>& out) {
  out.push_back({piece.text.starts_with(' ') ? piece.text : " " + piece.text, piece.at_start});
}

void Cutter::apply(const Metaspace& step, const Piece& piece, Expression::Workspace&, std::vector<Piece>& out) {
  std::string text;
  for (const char c : piece.text) c == ' ' ? text.append(step.mark) : text.append(1, c);
  if ((step.always || (step.first && piece.at_start)) && !text.starts_with(step.mark)) text.insert(0, step.mark);
  if (!step.split) {
    out.push_back({std::move(text), piece.at_start});
    return;
  }
  // A mark joins what follows it; of several in a row each but the last stands alone.
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(
        text.find(step.mark, begin == 0 && !text.starts_with(step.mark) ? 0 : begin + step.mark.size()), text.size());
    out.push_back({text.substr(begin, end - begin), piece.at_start && begin == 0});
    begin = end;
  }
}

void Cutter::cut(std::string_view text, bool at_start, std::vector<std::string>& pieces) const {
  if (text.empty()) return;
  std::vector<Piece> current{{std::string(text), at_start}}, next;
  Expression::Workspace workspace;
  for (const Step& step : steps_) {
    next.clear();
    for (const Piece& piece : current) {
      std::visit([&](const auto& s) { apply(s, piece, workspace, next); }, step);
    }
    current.swap(next);
  }
  for (Piece& piece : current) {
    if (!piece.text.empty()) pieces.push_back(std::move(piece.text));
  }
}

}  // namespace deskhand
