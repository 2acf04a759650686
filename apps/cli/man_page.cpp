#include "apps/cli/man_page.h"

#include <fmt/format.h>

#include <sstream>

namespace deskhand {
namespace {

// Well-formed UTF-8 at `i`, moved behind it; other bytes as they are.
char32_t code_point(std::string_view text, size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  char32_t code = more == 0 ? lead : lead & (0x3F >> more);
  for (int k = 0; k < more && i < text.size(); ++k) code = code << 6 | (static_cast<unsigned char>(text[i++]) & 0x3F);
  return code;
}

// Text as roff: no line is taken for a request, hyphens stay what one types.
std::string roff(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool line_start = out.empty() || out.back() == '\n';
    const char32_t c = code_point(text, i);
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("\\[u{:04X}]", static_cast<uint32_t>(c));
    }
  }
  return out;
}

/// Too many values for the line of the option's name.
bool is_long_choice(const OptionView& option) {
  constexpr size_t longest = 60;
  return option.kind == ValueKind::choice && option.value.size() > longest;
}

std::string values_in_words(const OptionView& option) {
  std::string out = " (";
  for (const char c : option.value) out += c == '|' ? ", " : std::string(1, c);
  return out + ")";
}

std::string heading(const OptionView& option) {
  if (option.names.empty()) return fmt::format("\\fI{}\\fR", roff(option.value));
  std::string out;
  for (const std::string& name : option.names) out += fmt::format("{}\\fB{}\\fR", out.empty() ? "" : ", ", roff(name));
  if (is_long_choice(option)) return out + " \\fINAME\\fR";
  if (option.kind == ValueKind::choice) return out + " " + roff(option.value);
  return option.value.empty() ? out : fmt::format("{} \\fI{}\\fR", out, roff(option.value));
}

std::string entry(const std::string& left, const std::string& right) {
  return fmt::format(".TP\n{}\n{}\n", left, roff(right));
}

// Options under headings of their own only where there are several groups. --help and what every command understands
// stand once, at the top.
std::string options(const CommandView& command) {
  std::string out, group = "Options";
  for (const OptionView& option : command.options) {
    if (option.inherited || option.names.back() == "--help") continue;
    if (option.group != group) out += fmt::format(".PP\n{}:\n", roff(option.group));
    group = option.group;
    out += entry(heading(option), option.text + (is_long_choice(option) ? values_in_words(option) : ""));
  }
  return out;
}

std::string examples(const std::string& footer) {
  std::istringstream in(footer);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("  ", 0) == 0) out += roff(line.substr(2)) + "\n";
  }
  return out.empty() ? out : ".PP\n.RS 4\n.nf\n" + out + ".fi\n.RE\n";
}

std::string section(const CommandView& command) {
  std::string out = fmt::format(".SS {}\n", roff(usage_of(command)));
  out += roff(command.summary) + ".\n";
  for (const OptionView& argument : command.arguments) out += entry(heading(argument), argument.text);
  out += options(command);
  if (command.commands.empty()) out += examples(command.footer);
  for (const CommandView& sub : command.commands) out += section(sub);
  return out;
}

std::string exit_codes() {
  std::string out = ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : {std::pair{0, "done"},
                                      {1, "the task failed, or nothing was found"},
                                      {2, "bad usage"},
                                      {3, "a model or file could not be read or written"},
                                      {4, "no display or no permission"},
                                      {5, "stopped by you"},
                                      {6, "a limit was reached: steps, time, memory, disk or context"}}) {
    out += entry(fmt::format("\\fB{}\\fR", code), meaning);
  }
  return out;
}

std::string surroundings() {
  std::string out = ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] :
       {std::pair{"DESKHAND_MODEL", "the model file where no -m is given"},
        {"HF_TOKEN", "the token that opens gated and private models (default: the file token in HF_HOME)"},
        {"HF_HOME, HF_HUB_CACHE", "where downloaded models are (default: ~/.cache/huggingface, and hub in it)"},
        {"HF_ENDPOINT", "the hub (default: https://huggingface.co)"},
        {"HF_HUB_OFFLINE", "1 forbids downloads"},
        {"DISPLAY", "the X display where no --display is given"},
        {"XDG_CONFIG_HOME", "where the folder deskhand with config.json and policy.json is (default: ~/.config)"},
        {"XDG_DATA_HOME", "where the folder deskhand with traces is (default: ~/.local/share)"}}) {
    out += entry(fmt::format("\\fB{}\\fR", roff(name)), meaning);
  }
  return out;
}

}  // namespace

std::string man_page(const CommandView& program, const std::string& version) {
  std::string out = fmt::format(".TH DESKHAND 1 \"\" \"deskhand {}\" \"User Commands\"\n", version);
  out += ".SH NAME\ndeskhand \\- a local assistant that sees the screen and acts\n";
  out += fmt::format(".SH SYNOPSIS\n\\fB{}\\fR\n", roff(usage_of(program)));
  out += fmt::format(".SH DESCRIPTION\n{}\n", roff(program.summary));
  out += ".SH OPTIONS\nEvery command understands these.\n";
  for (const OptionView& option : program.options) out += entry(heading(option), option.text);
  out += ".SH COMMANDS\n";
  for (const CommandView& command : program.commands) out += section(command);
  return out + exit_codes() + surroundings();
}

}  // namespace deskhand
