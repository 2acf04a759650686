#pragma once
// CHECK(condition, "format", args…): our own mistakes, on in release. Hostile input never reaches a CHECK.

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace deskhand {

/// Thrown by CHECK: a bug in this program, not in its input.
class InternalError : public std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* file, int line, const char* condition, const std::string& message);

}  // namespace deskhand

#define CHECK(condition, ...)                                                                  \
  do {                                                                                         \
    if (!(condition)) [[unlikely]]                                                             \
      ::deskhand::check_failed(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
