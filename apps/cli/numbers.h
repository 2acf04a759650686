#pragma once
// Numbers on the command line: what an option takes, said in one line when it gets something else.
//
//   whole_number(app.add_option("-c", options.context, "…"), 0);
//   real_number(app.add_option("--temp", options.temperature, "…"), 0.0, 100.0);
//
// "-c: must be a whole number ≥ 0, got '1.5'"; with `most`, "… from 0 to 1024".
// Decimal digits only: no signs, no hexadecimal; infinity and not-a-number are refused. Each returns the option.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

namespace deskhand {

/// Without `most`: up to what an int32_t holds, so the variable must be at least as wide.
CLI::Option* whole_number(CLI::Option* option, uint64_t least, std::optional<uint64_t> most = {});
CLI::Option* real_number(CLI::Option* option, double least, double most);

}  // namespace deskhand
