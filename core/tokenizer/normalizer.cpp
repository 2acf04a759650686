#include "core/tokenizer/normalizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "core/hugging_face/json_fields.h"
#include "core/metadata.h"
#include "core/tokenizer/compose.h"

namespace deskhand {
namespace {

constexpr size_t most_prepended = 64;

/// Text that is put together and must not grow past `most` bytes.
class BoundedText {
 public:
  explicit BoundedText(size_t most) : most_(most) {}
  BoundedText& append(std::string_view part) {
    if (part.size() > most_ - text_.size()) {
      throw std::length_error(fmt::format("text for the tokenizer grows past {} bytes when it is normalized", most_));
    }
    text_ += part;
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  size_t most_;
};

std::string replaced(std::string_view text, const std::string& from, const std::string& to, size_t most) {
  BoundedText out(most);
  for (size_t at = 0; at < text.size();) {
    const size_t next = std::min(text.find(from, at), text.size());
    out.append(text.substr(at, next - at));
    if (next < text.size()) out.append(to);
    at = next + from.size();
  }
  return out.take();
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
    std::string text = fields.text_of({"prepend"}, "");
    if (text.size() > most_prepended) {
      fields.fail(fmt::format("Prepend has {} bytes, at most {} are supported", text.size(), most_prepended));
    }
    steps_.emplace_back(Prepend{std::move(text)});
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
  for (const Step& step : steps_) out = apply(step, std::move(out), most_bytes(text.size()));
  return out;
}

std::string Normalizer::apply(const Step& step, std::string text, size_t most) {
  BoundedText out(most);
  if (std::holds_alternative<Compose>(step)) {
    std::string composed;
    return compose(text, composed) ? out.append(composed).take() : text;
  }
  if (const auto* prepend = std::get_if<Prepend>(&step)) {
    return text.empty() ? text : out.append(prepend->text).append(text).take();
  }
  if (const auto* replace = std::get_if<Replace>(&step)) return replaced(text, replace->from, replace->to, most);
  const auto& replace = std::get<ReplaceMatches>(step);
  size_t at = 0;
  Expression::Workspace workspace;
  replace.from.for_each_match(text, workspace, [&](size_t begin, size_t end) {
    out.append(std::string_view(text).substr(at, begin - at)).append(replace.to);
    at = end;
  });
  return out.append(std::string_view(text).substr(at)).take();
}

}  // namespace deskhand
