// deskhand doctor: what works on this machine, what is missing and what that costs, how to get it.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/model_options.h"
#include "apps/cli/user_files.h"
#include "kernels/backend.h"
#include "platform/accessibility.h"
#include "platform/desktop.h"
#include "vision/screen_reader.h"

namespace deskhand {
namespace {

/// One line of the report. `cost` and `remedy` are empty where all is well.
struct Finding {
  std::string part;
  bool works = false;
  std::string detail, cost, remedy;
};

struct Options {
  std::string display;
  bool json = false;
};

Finding processor() {
  std::string isas;
  for (const std::string& isa : cpu_isas()) isas += (isas.empty() ? "" : ", ") + isa;
  const BackendInfo info = make_cpu_backend({})->info();
  return {"processor", true, fmt::format("{} threads; instruction sets {}; {} is used", info.threads, isas, info.isa),
          "", ""};
}

Finding memory() {
  const double gib = 1024.0 * 1024.0 * 1024.0;
  const auto pages = [](int name) {
    return static_cast<double>(sysconf(name)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  };
  return {"memory", true,
          fmt::format("{:.1f} GiB, {:.1f} free now", pages(_SC_PHYS_PAGES) / gib, pages(_SC_AVPHYS_PAGES) / gib), "",
          ""};
}

Finding model() {
  try {
    const std::filesystem::path path = resolve_model("");
    ModelFile::open(path);
    return {"model", true, path.string(), "", ""};
  } catch (const std::exception& error) {
    return {"model", false, error.what(), "ask, chat and do need -m FILE.gguf every time",
            "scripts/models qwen2.5-coder-0.5b, then set DESKHAND_MODEL or \"model\" in the config file"};
  }
}

Finding screen(const std::string& display) {
  try {
    const auto desktop = open_x11_desktop({.display = display});
    const ScreenRect bounds = desktop->bounds();
    const size_t windows = desktop->windows().size();
    return {"screen", true,
            fmt::format("{}×{}, {} windows, MIT-SHM, XTEST and XDamage work", bounds.width(), bounds.height(), windows),
            "", ""};
  } catch (const std::exception& error) {
    return {"screen", false, error.what(), "see, do and --screen do not work (exit 4)",
            "run inside an X11 session, name a display with --display, or use `deskhand do --new-display`"};
  }
}

Finding accessibility() {
  std::string reason;
  const bool works = open_accessibility(&reason) != nullptr;
  if (works) return {"accessibility", true, "the AT-SPI2 bus answers", "", ""};
  return {"accessibility", false, reason, "buttons and fields are only known as far as OCR reads their captions",
          "apt install at-spi2-core libatk-adaptor; start applications in the session whose bus this is"};
}

Finding ocr() {
  std::string reason;
  const bool works = open_ocr(&reason) != nullptr;
  if (works) return {"OCR", true, "Tesseract with English data", "", ""};
  return {"OCR", false, reason, "text in windows without accessibility (terminals, canvases, pictures) is not read",
          "apt install tesseract-ocr-eng (and libtesseract-dev before building)"};
}

Finding private_display() {
  const char* path = std::getenv("PATH");
  std::string missing;
  for (const std::string program : {"Xvfb", "openbox", "dbus-run-session"}) {
    bool found = false;
    std::string folders = path != nullptr ? path : "";
    for (size_t start = 0; start <= folders.size() && !found;) {
      const size_t end = std::min(folders.find(':', start), folders.size());
      found = access((folders.substr(start, end - start) + "/" + program).c_str(), X_OK) == 0;
      start = end + 1;
    }
    if (!found) missing += (missing.empty() ? "" : ", ") + program;
  }
  if (missing.empty()) return {"private display", true, "Xvfb, openbox and dbus-run-session are there", "", ""};
  return {"private display", false, "missing: " + missing, "do --new-display does not work",
          "apt install xvfb openbox dbus"};
}

void print(const std::vector<Finding>& findings, std::ostream& out) {
  for (const Finding& finding : findings) {
    out << fmt::format("{}  {:<16} {}\n", finding.works ? "ok     " : "missing", finding.part, finding.detail);
    if (!finding.cost.empty()) out << fmt::format("         {:<16} without it: {}\n", "", finding.cost);
    if (!finding.remedy.empty()) out << fmt::format("         {:<16} remedy: {}\n", "", finding.remedy);
  }
}

RunCommand define(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--display", options->display, "X display (default: $DISPLAY)")->type_name(":N");
  app.add_flag("--json", options->json, "the result as JSON, for machines");
  return [options](CommandContext& context) {
    const std::vector<Finding> findings = {processor(),     memory(), model(),          screen(options->display),
                                           accessibility(), ocr(),    private_display()};
    if (options->json) {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const Finding& f : findings) {
        list.push_back(
            {{"part", f.part}, {"works", f.works}, {"detail", f.detail}, {"cost", f.cost}, {"remedy", f.remedy}});
      }
      context.out << list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
    } else {
      print(findings, context.out);
    }
    return ExitStatus::done;
  };
}

}  // namespace

extern const Command command_doctor;
const Command command_doctor = {"doctor", "what works on this machine, what is missing, how to get it",
                                "  deskhand doctor\n  deskhand doctor --json", define};

}  // namespace deskhand
