#include "apps/inspect/dialect_reply.h"

#include <fmt/format.h>

#include <cstdio>
#include <system_error>

#include "agent/dialect.h"
#include "apps/cli/description.h"
#include "apps/cli/failure.h"
#include "apps/cli/printable.h"
#include "apps/cli/sizes.h"
#include "core/whole_file.h"

namespace deskhand {
namespace {

using nlohmann::ordered_json;

std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string read_reply(const std::string& path) {
  try {
    return path == "-" ? read_whole_stream(*stdin, "stdin", longest_reply) : read_whole_file(path, longest_reply);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::file_too_large) throw FileError(error.what());
    throw FileError(fmt::format("--reply {}: expected a reply of at most {} bytes, got more", path, longest_reply));
  }
}

void check_complete(const DialectReplyOptions& options) {
  std::string missing;
  const auto need = [&](bool given, std::string_view option) {
    if (!given) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", option);
  };
  need(options.sizes.frame != Extent{}, "--frame WxH");
  need(options.sizes.screen != Extent{}, "--screen WxH");
  need(!options.reply.empty(), "--reply FILE");
  if (!missing.empty()) throw UsageError("--dialect needs " + missing);
}

}  // namespace

void add_dialect_reply_options(CLI::App& app, DialectReplyOptions& options) {
  std::vector<std::string> names;
  for (const Dialect* dialect : all_dialects()) names.emplace_back(dialect->name);
  auto* dialect = one_of(app.add_option("--dialect", options.dialect,
                                        "read a model's reply in this dialect into actions; no model is needed"),
                         names);
  size_option(app, "--frame", options.sizes.frame, "for --dialect: the size of the picture that the model saw")
      ->needs(dialect);
  size_option(app, "--screen", options.sizes.screen,
              "for --dialect: the size of the screen, in whose pixels points are")
      ->needs(dialect);
  app.add_option("--reply", options.reply, "for --dialect: the file of the reply, - for stdin")
      ->type_name("FILE")
      ->needs(dialect);
}

ExitStatus inspect_dialect_reply(const DialectReplyOptions& options, bool json, CommandContext& context) {
  check_complete(options);
  const std::string reply = read_reply(options.reply);
  try {
    ordered_json actions = ordered_json::array();
    for (const Action& action : parse_reply(*find_dialect(options.dialect), reply, options.sizes)) {
      actions.push_back({{"name", action.name}, {"input", action.input}});
      if (!json) context.out << printable(action.name + " " + dump(action.input)) << "\n";
    }
    if (json) context.out << dump({{"actions", actions}}) << "\n";
    return ExitStatus::done;
  } catch (const DialectError& error) {
    if (json) context.out << dump({{"error", fault_name(error.fault())}}) << "\n";
    print_failure(context.err, fmt::format("{}: {}", fault_name(error.fault()), error.what()));
    return ExitStatus::failed;
  }
}

}  // namespace deskhand
