// deskhand man: the man page.

#include "apps/cli/command.h"
#include "apps/cli/man_page.h"

namespace deskhand {
namespace {

RunCommand define(CLI::App& app) {
  return [&app](CommandContext& context) {
    context.out << man_page(describe(*app.get_parent()), DESKHAND_VERSION);
    return ExitStatus::done;
  };
}

}  // namespace

extern const Command command_man;
const Command command_man = {"man", "the man page, for man or groff",
                             "  deskhand man > deskhand.1 && man ./deskhand.1\n"
                             "  deskhand man | groff -man -Tutf8 | less -R",
                             define};

}  // namespace deskhand
