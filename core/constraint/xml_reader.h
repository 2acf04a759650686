#pragma once
// The text of XML calls from front to back, for XmlCalls::parse.
//
//   XmlReader reader(text);
//   reader.expect("<tool_call>\n<function=");
//   std::string name = reader.name();
//
// Everything throws CallTextError, which says what was expected at which byte and what stands there.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/constraint/xml_parameter.h"

namespace deskhand {

class XmlReader {
 public:
  /// Refuses what is not UTF-8.
  explicit XmlReader(std::string_view text);

  [[noreturn]] void refuse(const std::string& what) const;
  bool take(std::string_view text);
  void expect(std::string_view text);
  /// Up to ">\n", which is passed over.
  std::string name();
  /// Name, value and end of one of the parameters, behind "<parameter=", into the object.
  void parameter(const std::vector<XmlParameter>& known, const SchemaAlternatives& schemas,
                 nlohmann::ordered_json& input);
  /// Nothing may follow.
  void end() const;

 private:
  nlohmann::ordered_json value(const XmlParameter& parameter, std::string_view written) const;

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace deskhand
