#include "apps/cli/sizes.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

constexpr unsigned most = 1 << 19;

/// 0 for what is no side.
int side(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool good = error == std::errc() && end == digits.data() + digits.size() && value <= most;
  return good ? static_cast<int>(value) : 0;
}

}  // namespace

CLI::Option* size_option(CLI::App& app, const std::string& name, Extent& size, const std::string& text) {
  const auto read = [&size, name](const std::string& value) {
    const std::string_view all = value;
    const size_t cross = all.find('x');
    const Extent given{side(all.substr(0, cross)), cross == all.npos ? 0 : side(all.substr(cross + 1))};
    if (given.width < 1 || given.height < 1) {
      throw CLI::ValidationError(
          name, fmt::format("must be WxH, as in 1920x1080, each from 1 to {}, got '{}'", most, shortened(value, 40)));
    }
    size = given;
  };
  return app.add_option_function<std::string>(name, read, text)->type_name("WxH");
}

}  // namespace deskhand
