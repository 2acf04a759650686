#pragma once
// A call as a reply holds it, whatever the notation, and its arguments by type.
//
//   Arguments arguments(call, names);                         // bad_args for a name that is none of them
//   const int64_t pixels = arguments.number("pixels");        // -5, "-5" and -5.0 alike
//   std::optional<nlohmann::json> at = arguments.point("coordinate", map);
//
// What is missing, of another type or not understood is a DialectError bad_args that names call and argument: a broken
// point is never taken for an absent one, which would mean "at the pointer".

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/reply/points.h"
#include "agent/transcript.h"

namespace deskhand {

struct Call {
  std::string name{};
  nlohmann::json arguments = nlohmann::json::object();
  std::string text{};  ///< as the model wrote it
  std::string id{};    ///< where calls have one
};

using NameList = std::span<const std::string_view>;
bool is_one_of(std::string_view name, NameList names);
/// "a, b and c" for sentences.
std::string listed(NameList names);
/// [x, y], {"x", "y"}, "(491, 91)", "[491, 91]]", "491, 91"; any count of numbers, empty when it is not of numbers
/// only.
std::vector<double> numbers_in(const nlohmann::json& value);

class Arguments {
 public:
  /// Borrows the call. Every name of its arguments must be among the declared.
  Arguments(const Call& call, NameList declared);

  /// Given, and not null.
  bool has(std::string_view name) const;
  std::string text(std::string_view name) const;
  std::string text(std::string_view name, std::string_view fallback) const;
  /// A text, without quotes and spaces around it.
  std::string word(std::string_view name) const;
  std::string word(std::string_view name, std::string_view fallback) const;
  double number(std::string_view name) const;
  double number(std::string_view name, double fallback) const;
  bool flag(std::string_view name, bool fallback) const;
  /// Exactly so many numbers.
  std::vector<double> numbers(std::string_view name, size_t count) const;
  /// A pair of numbers as a pixel; nothing when the argument is absent.
  std::optional<nlohmann::json> point(std::string_view name, const PointMap& map) const;
  nlohmann::json required_point(std::string_view name, const PointMap& map) const;
  /// Any value that is given.
  const nlohmann::json& value(std::string_view name) const;

  [[noreturn]] void refuse(std::string_view name, std::string_view expected) const;

 private:
  const nlohmann::json* find(std::string_view name) const;
  const Call& call_;
};

}  // namespace deskhand
