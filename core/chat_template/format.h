#pragma once
// Python's "…" % values and "…".format(…), with the conversions that templates use.

#include <string>
#include <string_view>

#include "core/chat_template/value.h"

namespace deskhand::jinja {

/// %s %r %d %i %f %x %%, with flags, width and precision.
std::string format_percent(std::string_view format, const Value& values, Budget& budget);

/// {} {0} {name}, !r and !s, and :[[fill]align][0][width][,][.precision][d f s x %].
std::string format_braces(std::string_view format, const Arguments& arguments, Budget& budget);

}  // namespace deskhand::jinja
