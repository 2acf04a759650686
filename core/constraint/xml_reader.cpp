#include "core/constraint/xml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/metadata.h"
#include "core/strict_json.h"
#include "core/tokenizer/utf8.h"

namespace deskhand {

using Json = nlohmann::ordered_json;

XmlReader::XmlReader(std::string_view text) : text_(text) {
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

void XmlReader::parameter(const std::vector<XmlParameter>& known, const SchemaAlternatives& schemas, Json& input) {
  const std::string key = name();
  const auto parameter = std::find_if(known.begin(), known.end(), [&](const auto& p) { return p.name == key; });
  if (parameter == known.end()) refuse(fmt::format("there is no parameter \"{}\"", one_line(key)));
  if (input.contains(key)) refuse(fmt::format("parameter \"{}\" twice", key));
  const size_t end = text_.find(xml_value_end, at_);
  if (end == std::string_view::npos) refuse(fmt::format("parameter \"{}\" without an end", key));
  Json read = value(*parameter, text_.substr(at_, end - at_));
  try {
    if (!schemas.valid(parameter->schemas, read)) {
      refuse(fmt::format("parameter \"{}\" is not valid for its schema", key));
    }
  } catch (const SchemaError& error) {
    refuse(fmt::format("parameter \"{}\": {}", key, error.what()));
  }
  input[key] = std::move(read);
  at_ = end;
  expect(std::string(xml_value_end) + "\n");
}

Json XmlReader::value(const XmlParameter& parameter, std::string_view written) const {
  if (const auto word = parameter.words.find(std::string(written)); word != parameter.words.end()) return word->second;
  if (parameter.any_text || !parameter.texts.empty()) return std::string(written);
  if (parameter.json.empty()) {
    refuse(fmt::format("parameter \"{}\" is \"{}\", which is none of its values", parameter.name, one_line(written)));
  }
  try {
    return parse_ordered_json(written, fmt::format("parameter \"{}\"", parameter.name));
  } catch (const ModelFileError& error) {
    refuse(error.what());
  }
}

void XmlReader::end() const {
  if (at_ < text_.size()) refuse(fmt::format("expected the end, got \"{}\"", one_line(text_.substr(at_))));
}

}  // namespace deskhand
