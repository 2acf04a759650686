#pragma once
// The arguments of a function of the language, matched to its parameters as Python does.
//
//   const Given given("split", arguments, {"sep", "maxsplit"});
//   int64_t most = given.integer(1, -1);

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat_template/value.h"

namespace deskhand::jinja {

class Given {
 public:
  /// Throws Failure for too many, too few, unknown and doubly given arguments. `arguments` must outlive this.
  Given(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> parameters,
        size_t required = 0);

  /// Null when it was not given.
  const Value* at(size_t i) const { return values_[i]; }
  const Value& value(size_t i) const { return *values_[i]; }
  /// True when it was given and is not None.
  bool has(size_t i) const { return values_[i] != nullptr && !values_[i]->is_none(); }
  /// These throw for values of another type.
  const std::string& text(size_t i) const;
  std::string text(size_t i, std::string_view otherwise) const { return has(i) ? text(i) : std::string(otherwise); }
  int64_t integer(size_t i, int64_t otherwise) const;
  bool truth(size_t i, bool otherwise) const { return values_[i] == nullptr ? otherwise : values_[i]->truth(); }

 private:
  std::string function_;
  std::vector<const Value*> values_;
};

}  // namespace deskhand::jinja
