#include "core/chat_template/given.h"

#include <fmt/format.h>

#include <algorithm>

namespace deskhand::jinja {

Given::Given(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> parameters,
             size_t required)
    : function_(function), values_(parameters.size(), nullptr) {
  if (arguments.positional.size() > parameters.size()) {
    throw Failure(fmt::format("{}() takes at most {} arguments ({} given)", function, parameters.size(),
                              arguments.positional.size()));
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    const auto* place = std::find(parameters.begin(), parameters.end(), name);
    if (place == parameters.end()) {
      throw Failure(fmt::format("{}() got an unexpected keyword argument '{}'", function, name));
    }
    const Value*& slot = values_[static_cast<size_t>(place - parameters.begin())];
    if (slot != nullptr) throw Failure(fmt::format("{}() got multiple values for argument '{}'", function, name));
    slot = &value;
  }
  for (size_t i = 0; i < required; ++i) {
    if (values_[i] == nullptr) {
      throw Failure(fmt::format("{}() missing the required argument '{}'", function, *(parameters.begin() + i)));
    }
  }
}

const std::string& Given::text(size_t i) const {
  values_[i]->present();
  const std::string* text = values_[i]->if_text();
  if (text == nullptr) throw Failure(fmt::format("{}() takes a str, not {}", function_, values_[i]->type_name()));
  return *text;
}

int64_t Given::integer(size_t i, int64_t otherwise) const {
  if (!has(i)) return otherwise;
  int64_t number = 0;
  values_[i]->present();
  if (!values_[i]->as_integer(number)) {
    throw Failure(fmt::format("'{}' object cannot be interpreted as an integer", values_[i]->type_name()));
  }
  return number;
}

}  // namespace deskhand::jinja
