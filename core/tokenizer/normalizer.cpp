#include "core/tokenizer/normalizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/hugging_face/json_fields.h"
#include "core/metadata.h"
#include "core/tokenizer/compose.h"

namespace deskhand {
namespace {

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t next = std::min(text.find(from, at), text.size());
    out.append(text, at, next - at);
    if (next < text.size()) out += to;
    at = next + from.size();
  }
  return out;
}

}  // namespace

Normalizer::Normalizer(const nlohmann::json& json) {
  if (!json.is_null()) add(json, 0);
}

void Normalizer::add(const nlohmann::json& json, int depth) {
  constexpr int deepest = 8;
  const JsonFields fields(json, "tokenizer.json: normalizer");
  const std::string type = fields.text_of({"type"}, "?");
  if (type == "Sequence" && depth < deepest) {
    const nlohmann::json* parts = fields.find("normalizers");
    if (parts == nullptr || !parts->is_array()) fields.fail("a Sequence needs a list of normalizers");
    for (const auto& part : *parts) add(part, depth + 1);
  } else if (type == "NFC") {
    steps_.emplace_back(Compose{});
  } else if (type == "Prepend") {
    steps_.emplace_back(Prepend{fields.text_of({"prepend"}, "")});
  } else if (type == "Replace" && fields.has("pattern")) {
    const JsonFields pattern = fields.object("pattern").value();
    std::string to = fields.text_of({"content"}, "");
    if (const auto expression = pattern.text_if("Regex")) {
      steps_.emplace_back(ReplaceMatches{Expression(*expression), std::move(to)});
    } else {
      std::string from = pattern.text_of({"String"}, "");
      if (from.empty()) fields.fail("Replace needs a pattern");
      steps_.emplace_back(Replace{std::move(from), std::move(to)});
    }
  } else {
    fields.fail(fmt::format("'{}' is not supported; known are NFC, Prepend, Replace, Sequence", one_line(type)));
  }
}

std::string Normalizer::apply(std::string_view text) const {
  std::string out(text);
  for (const Step& step : steps_) out = apply(step, std::move(out));
  return out;
}

std::string Normalizer::apply(const Step& step, std::string text) {
  if (std::holds_alternative<Compose>(step)) {
    std::string composed;
    return compose(text, composed) ? composed : text;
  }
  if (const auto* prepend = std::get_if<Prepend>(&step)) return text.empty() ? text : prepend->text + text;
  if (const auto* replace = std::get_if<Replace>(&step)) return replaced(text, replace->from, replace->to);
  const auto& replace = std::get<ReplaceMatches>(step);
  std::string out;
  size_t at = 0;
  Expression::Workspace workspace;
  replace.from.for_each_match(text, workspace, [&](size_t begin, size_t end) {
    out.append(text, at, begin - at).append(replace.to);
    at = end;
  });
  return out.append(text, at);
}

}  // namespace deskhand
