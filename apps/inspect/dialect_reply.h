#pragma once
// deskhand inspect --dialect: what a model's reply means, without a model.
//
//   DialectReplyOptions options;
//   add_dialect_reply_options(app, options);
//   if (!options.dialect.empty()) return inspect_dialect_reply(options, json, context);
//
// The actions in canonical form, points in pixels of the screen; a reply that is refused is exit 1. Throws UsageError
// for a missing option, FileError for a reply that cannot be read or is longer than any model's.

#include <cstddef>
#include <string>

#include "agent/reply/points.h"
#include "apps/cli/command.h"

namespace deskhand {

inline constexpr size_t longest_reply = size_t{1} << 20;  ///< bytes: parse_reply reads no more

struct DialectReplyOptions {
  std::string dialect, reply;
  ViewSizes sizes{};
};

void add_dialect_reply_options(CLI::App& app, DialectReplyOptions& options);
ExitStatus inspect_dialect_reply(const DialectReplyOptions& options, bool json, CommandContext& context);

}  // namespace deskhand
