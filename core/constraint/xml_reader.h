#pragma once
// The text of XML calls from front to back, for XmlCalls::parse.
//
//   XmlReader reader(text, grammar);
//   reader.expect("<tool_call>\n<function=");
//   std::string name = reader.name();
//   reader.follow("<tool_call>\n<function=" + name + ">\n");
//   Json input = reader.input(parameters);
//
// Beside the text it walks through the grammar, where the parameters of a call stand in their order: what it answers is
// what the grammar admits. Everything throws CallTextError, which says at which byte, what was expected and what stands
// there.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/constraint/matcher.h"
#include "core/constraint/xml_parameter.h"

namespace deskhand {

class XmlReader {
 public:
  /// Refuses what is too long or not UTF-8.
  XmlReader(std::string_view text, const Grammar& grammar);

  [[noreturn]] void refuse(const std::string& what) const;
  bool take(std::string_view text);
  void expect(std::string_view text);
  /// Up to ">\n", which is passed over.
  std::string name();
  /// The parameters of a call, and what they say.
  nlohmann::ordered_json input(const std::vector<XmlParameter>& known);
  /// Goes on in the grammar.
  void follow(std::string_view text);
  /// Nothing may come any more.
  void end() const;

 private:
  nlohmann::ordered_json value(const XmlParameter& parameter, std::string_view written) const;
  void check(const XmlParameter& parameter, size_t at);
  /// Bytes of the text that the grammar takes.
  size_t accept(std::string_view text);

  std::string_view text_;
  size_t at_ = 0;
  Matcher matcher_;
};

}  // namespace deskhand
