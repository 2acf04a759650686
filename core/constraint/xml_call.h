#pragma once
// Tool calls as Qwen3-Coder and Qwen3.5 write them, as a grammar and read back.
//
//   XmlCalls calls({{"type", R"({"properties": {"text": {"type": "string"}}, "required": ["text"]})"_json}});
//   Grammar g = calls.grammar();
//   calls.parse("<tool_call>\n<function=type>\n<parameter=text>\nHi\n</parameter>\n</function>\n</tool_call>");
//                                                                    // [{"name": "type", "input": {"text": "Hi"}}]
//
// Parameters come in the order of the schema, optional ones may be left out. A string stands as it is, up to the first
// "\n</parameter>"; with pattern, minLength and maxLength where the automaton stays within the limits of
// core/constraint/character_automaton.h (a maxLength of some 1,500). Other values are JSON by their schema
// (core/constraint/json_schema.h). Beside strings only null and booleans are let in, and a string then is none of their
// words; enum and const values have to be spelled differently.
// SchemaError, naming tool and place, for what cannot be kept: tools without name or twice, names of other characters
// than letters, digits, "_", "-" and ".", parameters of any type or of strings beside numbers, lists or objects,
// alternatives between whole sets of parameters, everything that JSON Schema's front-end refuses, and the tool with
// which all together go beyond the limits of core/constraint/grammar.h. Equal bounded texts are kept once.

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/constraint/grammar.h"
#include "core/constraint/json_schema.h"

namespace deskhand {

struct CallableTool {
  std::string name;
  nlohmann::ordered_json parameters;  ///< JSON Schema of an object
};

struct XmlCallStyle {
  uint32_t min_calls = 1, max_calls = 1;  ///< a newline between calls
  /// Parameters that are true, false or null are spelled True, False and None, as the models' templates render them
  /// (within lists and objects they are JSON's either way).
  bool python_words = false;
  JsonStyle json{};
};

/// A text that is no such call: what is wrong and at which byte.
class CallTextError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class XmlCalls {
 public:
  explicit XmlCalls(std::vector<CallableTool> tools, XmlCallStyle style = {});
  ~XmlCalls();
  XmlCalls(XmlCalls&&) noexcept;
  XmlCalls& operator=(XmlCalls&&) noexcept;

  /// In bytes, of what is read.
  static constexpr size_t max_text = size_t{1} << 20;

  const Grammar& grammar() const { return *grammar_; }
  /// The same as a part of a larger grammar; SchemaError, naming the tool, where the builder's limits end.
  GrammarBuilder::Expression add_to(GrammarBuilder& builder) const;
  /// A list of {"name", "input"} from the whole text. It reads what the grammar admits, with the parameters of a call
  /// in any order; whole numbers fit int64_t. Throws CallTextError, also for what the grammar lets by: a text longer
  /// than max_text, JSON nested deeper than 64 levels, objects with a key twice or with more than 4,096 keys.
  nlohmann::ordered_json parse(std::string_view text) const;

 private:
  struct Tool;
  std::vector<std::unique_ptr<const Tool>> tools_;
  XmlCallStyle style_;
  std::optional<Grammar> grammar_;
};

}  // namespace deskhand
