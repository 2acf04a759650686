#include "core/metadata.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <type_traits>

namespace deskhand {
namespace {

[[noreturn]] void wrong_type(std::string_view key, std::string_view expected) {
  throw ModelFileError(fmt::format("model metadata: key '{}' must be {}", key, expected));
}

const MetadataValue& require(const Metadata& metadata, std::string_view key) {
  const MetadataValue* value = metadata.find(key);
  if (value == nullptr) throw ModelFileError(fmt::format("model metadata: key '{}' is missing", key));
  return *value;
}

template <typename T>
const T& require_as(const Metadata& metadata, std::string_view key, std::string_view expected) {
  const T* value = std::get_if<T>(&require(metadata, key));
  if (value == nullptr) wrong_type(key, expected);
  return *value;
}

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// Calls `use` with a zero of the C++ type that a GGUF number type id names; false when it is not a number.
template <typename Use>
bool with_number_type(uint32_t id, Use use) {
  switch (id) {
    case 0:
      use(uint8_t{});
      return true;
    case 1:
      use(int8_t{});
      return true;
    case 2:
      use(uint16_t{});
      return true;
    case 3:
      use(int16_t{});
      return true;
    case 4:
      use(uint32_t{});
      return true;
    case 5:
      use(int32_t{});
      return true;
    case 6:
      use(float{});
      return true;
    case 7:
      use(uint8_t{});
      return true;
    case 10:
      use(uint64_t{});
      return true;
    case 11:
      use(int64_t{});
      return true;
    case 12:
      use(double{});
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 80));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

std::vector<float> MetadataArray::as_floats() const {
  std::vector<float> out(data != nullptr ? count : 0);
  const bool numbers = with_number_type(element_type, [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(load<T>(data + i * sizeof(T)));
  });
  if (!numbers) throw ModelFileError("model metadata: an array of strings stands where numbers must");
  return out;
}

std::vector<int64_t> MetadataArray::as_integers() const {
  std::vector<int64_t> out(data != nullptr ? count : 0);
  const bool numbers = with_number_type(element_type, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>) {
      throw ModelFileError("model metadata: an array of floating-point numbers stands where integers must");
    } else {
      for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int64_t>(load<T>(data + i * sizeof(T)));
    }
  });
  if (!numbers) throw ModelFileError("model metadata: an array of strings stands where integers must");
  return out;
}

std::string_view Metadata::text(std::string_view key) const {
  return require_as<std::string_view>(*this, key, "a string");
}

int64_t Metadata::integer(std::string_view key) const {
  const MetadataValue& value = require(*this, key);
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  const auto* number = std::get_if<uint64_t>(&value);
  if (number == nullptr || *number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    wrong_type(key, "an integer");
  }
  return static_cast<int64_t>(*number);
}

double Metadata::number(std::string_view key) const {
  const MetadataValue& value = require(*this, key);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return static_cast<double>(*number);
  wrong_type(key, "a number");
}

bool Metadata::boolean(std::string_view key) const {
  return require_as<bool>(*this, key, "true or false");
}

const MetadataArray& Metadata::array(std::string_view key) const {
  return require_as<MetadataArray>(*this, key, "an array");
}

std::string_view Metadata::text_or(std::string_view key, std::string_view fallback) const {
  return has(key) ? text(key) : fallback;
}

int64_t Metadata::integer_or(std::string_view key, int64_t fallback) const {
  return has(key) ? integer(key) : fallback;
}

double Metadata::number_or(std::string_view key, double fallback) const {
  return has(key) ? number(key) : fallback;
}

bool Metadata::boolean_or(std::string_view key, bool fallback) const {
  return has(key) ? boolean(key) : fallback;
}

}  // namespace deskhand
