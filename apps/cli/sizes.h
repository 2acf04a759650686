#pragma once
// The size of a picture or a screen on the command line.
//
//   size_option(app, "--frame", options.frame, "…");        // 1920x1080
//
// "--frame: must be WxH, as in 1920x1080, each from 1 to 524288, got '1920'".

#include <CLI/CLI.hpp>
#include <string>

#include "agent/reply/points.h"

namespace deskhand {

/// `size` keeps its value when the option is not given. Returns the option.
CLI::Option* size_option(CLI::App& app, const std::string& name, Extent& size, const std::string& text);

}  // namespace deskhand
