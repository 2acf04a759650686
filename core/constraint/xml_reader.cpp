#include "core/constraint/xml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/metadata.h"
#include "core/strict_json.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {

using Json = nlohmann::ordered_json;

XmlReader::XmlReader(std::string_view text, const Grammar& grammar) : text_(text), matcher_(grammar) {
  if (text.size() > XmlCalls::max_text) refuse(fmt::format("the text is longer than {} bytes", XmlCalls::max_text));
  at_ = valid_utf8_prefix(text);
  if (at_ < text.size()) refuse("the text is not UTF-8");
  at_ = 0;
}

void XmlReader::refuse(const std::string& what) const {
  throw CallTextError(fmt::format("call, at byte {} of {}: {}", at_, text_.size(), what));
}

bool XmlReader::take(std::string_view text) {
  if (!text_.substr(at_).starts_with(text)) return false;
  at_ += text.size();
  return true;
}

void XmlReader::expect(std::string_view text) {
  if (take(text)) return;
  const std::string_view rest = text_.substr(at_, text.size() + 20);
  refuse(fmt::format("expected \"{}\", got \"{}\"", one_line(text), one_line(rest)));
}

std::string XmlReader::name() {
  const size_t end = text_.find_first_of(">\n", at_);
  const std::string name(text_.substr(at_, end == std::string_view::npos ? end : end - at_));
  at_ += name.size();
  expect(">\n");
  return name;
}

Json XmlReader::input(const std::vector<XmlParameter>& known) {
  std::map<size_t, size_t> values;  // where the value of each parameter begins
  Json input = Json::object();
  while (take("<parameter=")) {
    const std::string key = name();
    const auto parameter = std::find_if(known.begin(), known.end(), [&](const auto& p) { return p.name == key; });
    if (parameter == known.end()) refuse(fmt::format("there is no parameter \"{}\"", one_line(key)));
    if (!values.emplace(parameter - known.begin(), at_).second) refuse(fmt::format("parameter \"{}\" twice", key));
    const size_t end = text_.find(xml_value_end, at_);
    if (end == std::string_view::npos) refuse(fmt::format("parameter \"{}\" without an end", key));
    input.push_back({key, value(*parameter, text_.substr(at_, end - at_))});
    at_ = end;
    expect(std::string(xml_value_end) + "\n");
  }
  for (size_t i = 0; i < known.size(); ++i) {
    if (!known[i].required || values.contains(i)) continue;
    refuse(fmt::format("there is no parameter \"{}\", which is required", known[i].name));
  }
  const size_t end = at_;
  for (const auto& [index, at] : values) check(known[index], at);
  at_ = end;
  return input;
}

Json XmlReader::value(const XmlParameter& parameter, std::string_view written) const {
  if (const auto word = parameter.words.find(std::string(written)); word != parameter.words.end()) return word->second;
  if (parameter.json.empty()) return std::string(written);
  try {
    return parse_ordered_json(written, fmt::format("parameter \"{}\"", parameter.name));
  } catch (const ModelFileError& error) {
    refuse(error.what());
  }
}

/// Whether the grammar admits the value of the parameter that begins there.
void XmlReader::check(const XmlParameter& parameter, size_t at) {
  at_ = at;
  follow(fmt::format("<parameter={}>\n", parameter.name));
  const size_t size = text_.find(xml_value_end, at) + xml_value_end.size() + 1 - at;
  at_ += accept(text_.substr(at, size));
  if (at_ == at + size) return;
  constexpr size_t shown = 40;
  refuse(fmt::format("parameter \"{}\" is not valid for its schema, from \"{}\" on", parameter.name,
                     one_line(text_.substr(at_, std::min(shown, at + size - at_)))));
}

size_t XmlReader::accept(std::string_view text) {
  try {
    return matcher_.accept(text);
  } catch (const GrammarError& error) {
    refuse(error.what());
  }
}

void XmlReader::follow(std::string_view text) {
  if (accept(text) < text.size()) refuse(fmt::format("\"{}\" cannot come here", one_line(text)));
}

void XmlReader::end() const {
  if (at_ < text_.size()) refuse(fmt::format("expected the end, got \"{}\"", one_line(text_.substr(at_))));
}

}  // namespace deskhand
