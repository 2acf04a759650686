#include "core/config_keys.h"

#include <fmt/format.h>

namespace deskhand {

std::string ConfigKeys::name(std::string_view key) const {
  return key.starts_with("deskhand.") ? std::string(key) : fmt::format("{}.{}", architecture_, key);
}

void ConfigKeys::fail(std::string_view key, const std::string& message) const {
  throw ModelFileError(fmt::format("model metadata: {} {}", name(key), message));
}

int64_t ConfigKeys::count(std::string_view key, int64_t limit, std::optional<int64_t> fallback) const {
  if (!has(key) && fallback) return *fallback;
  int64_t value = 0;
  const MetadataValue* found = metadata_.find(name(key));
  if (found != nullptr && std::holds_alternative<MetadataArray>(*found)) {
    const std::vector<int64_t> values = std::get<MetadataArray>(*found).as_integers();
    if (values.empty()) fail(key, "is an empty list");
    value = values.front();
    for (const int64_t other : values) {
      if (other != value) fail(key, "differs between layers, which no family here supports");
    }
  } else {
    value = metadata_.integer(name(key));
  }
  if (value < 1 || value > limit) fail(key, fmt::format("must lie in 1…{}, not {}", limit, value));
  return value;
}

float ConfigKeys::positive(std::string_view key, std::optional<double> fallback) const {
  const double value = fallback ? metadata_.number_or(name(key), *fallback) : metadata_.number(name(key));
  if (!(value > 1e-30 && value < 1e30)) fail(key, fmt::format("must be a positive number, not {}", value));
  return static_cast<float>(value);
}

std::string_view ConfigKeys::text(std::string_view key, std::string_view fallback) const {
  return metadata_.text_or(name(key), fallback);
}

std::vector<int64_t> ConfigKeys::per_layer(std::string_view key, int64_t layers, int64_t low, int64_t high) const {
  const MetadataValue* found = metadata_.find(name(key));
  if (found == nullptr || !std::holds_alternative<MetadataArray>(*found)) return {};
  std::vector<int64_t> values = std::get<MetadataArray>(*found).as_integers();
  if (values.size() != static_cast<size_t>(layers)) {
    fail(key, fmt::format("must have one entry for each of the {} layers, not {}", layers, values.size()));
  }
  for (const int64_t value : values) {
    if (value < low || value > high) fail(key, fmt::format("must hold numbers in {}…{}, not {}", low, high, value));
  }
  return values;
}

}  // namespace deskhand
