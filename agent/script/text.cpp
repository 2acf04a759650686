#include "agent/script/text.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "agent/secrets.h"
#include "tools/names.h"

namespace deskhand::script {
namespace {

constexpr size_t max_lines = 120;
constexpr size_t max_plain_texts = 40;

constexpr std::string_view instructions =
    R"(You work on a desktop. You see a window as a list, and a task. Write the calls that do the task, one per line, in order, then done.
click("NAME") - press a button, link, tab, menu or list item
check("NAME") - tick a checkbox; uncheck("NAME") - untick it; leave the others alone
fill("NAME", "text") - put text into the text field NAME; one call for each field
type("text") - write at the cursor: text in an editor, a calculation in a calculator, a Linux command (ls, cp, mv, mkdir) in a terminal
key("Return") - press a key; after a terminal command or a calculation always key("Return"); key("ctrl+s") saves; key("ctrl+a") first replaces all text
done("answer") - the end; with the answer if the task is a question)";

struct Example {
  std::string_view screen, task, calls;
};

// A form, an editor with a file to save, a question, a menu, a terminal.
constexpr std::array<Example, 5> examples = {{
    {R"(Window: Guest book
- text "Leave a message"
- text field "Name" value "" (focused)
- text field "Country" value "Spain"
- checkbox "Send me news" (checked)
- checkbox "Show my name" (not checked)
- button "Clear"
- button "Send")",
     "Sign as Jon Berg from Norway, show the name but send no news.",
     R"(fill("Name", "Jon Berg")
fill("Country", "Norway")
check("Show my name")
uncheck("Send me news")
click("Send")
done("Signed as Jon Berg"))"},
    {R"(Window: Untitled - Notes
- menu "File"
- menu "Edit"
- text area value "" (focused))",
     "Write water the plants and save it as garden.txt.",
     R"(type("water the plants")
key("ctrl+s")
fill("Name", "garden.txt")
click("Save")
done("Saved as garden.txt"))"},
    {R"(Window: Receipt
- text "Table 4"
- text "Total: 12 EUR"
- button "Print"
- button "Close")",
     "What is the total?", R"(done("12 EUR"))"},
    {R"(Window: Photos
- menu "File"
- menu "Image"
- button "Next")",
     "Rotate the photo to the left with the Image menu.",
     R"(click("Image")
click("Rotate left")
done("Rotated to the left"))"},
    {R"(Window: Terminal
- terminal "Terminal" (focused))",
     "Remove the folder music.",
     R"(type("rm -r music")
key("Return")
done("Removed the folder music"))"},
}};

std::string_view word_of(const ScreenElement& element) {
  switch (element.role) {
    case Role::label:
    case Role::heading:
    case Role::other:
      return "text";
    default:
      return role_name(element.role);
  }
}

bool is_field(const ScreenElement& element) {
  return element.role != Role::terminal && (element.editable || element.role == Role::text_field ||
                                            element.role == Role::text_area || element.role == Role::spin_button);
}

std::string describe_element(const ScreenElement& element, const std::string& name) {
  std::string line = fmt::format("- {}", word_of(element));
  if (!name.empty()) line += fmt::format(" {}", quote(name));
  const bool secret = is_secret_field(element);
  if (is_field(element) && !secret) {
    line += fmt::format(" value {}", quote(display_name(element.value)));
  } else if (!secret && !element.value.empty() && element.role != Role::terminal) {
    const std::string value = display_name(element.value);
    if (value != name) line += fmt::format(" value {}", quote(value));
  }
  if (element.checkable) line += element.checked ? " (checked)" : " (not checked)";
  if (element.selected) line += " (selected)";
  if (element.focused) line += " (focused)";
  if (!element.enabled) line += " (disabled)";
  return line;
}

struct Lines {
  std::string text;
  size_t lines = 0, plain_texts = 0;
};

void describe_elements(const Screen& screen, WindowId window, const std::map<const ScreenElement*, std::string>& names,
                       Lines& out) {
  for (const ScreenElement& element : screen.elements) {
    if (element.window != window) continue;
    const auto found = names.find(&element);
    const std::string name = found != names.end() ? found->second : display_name(element.text);
    const bool plain = word_of(element) == "text" && !is_field(element);
    if (name.empty() && !is_field(element) && element.role != Role::terminal) continue;
    if (++out.lines > max_lines || (plain && ++out.plain_texts > max_plain_texts)) continue;
    out.text += fmt::format("\n{}", describe_element(element, name));
  }
}

}  // namespace

std::vector<Message> constant_messages() {
  std::vector<Message> messages = {{Message::Role::system, std::string(instructions)}};
  for (const Example& example : examples) {
    messages.push_back({Message::Role::user, describe_task(std::string(example.screen), example.task, {})});
    messages.push_back({Message::Role::assistant, std::string(example.calls)});
  }
  return messages;
}

std::string describe_screen(const Screen& screen) {
  std::map<const ScreenElement*, std::string> names;
  for (const NamedElement& named : unique_names(screen, NameUse::click)) names[named.element] = named.name;
  const auto has_elements = [&](WindowId id) {
    for (const ScreenElement& element : screen.elements)
      if (element.window == id) return true;
    return false;
  };
  Lines out;
  const Window* active = active_window(screen);
  for (const Window& window : screen.windows) {
    if (window.ours || (&window != active && !has_elements(window.id))) continue;
    if (!out.text.empty()) out.text += "\n";
    if (!window.popup || out.text.empty()) out.text += "Window: " + display_name(window.title);
    describe_elements(screen, window.id, names, out);
  }
  describe_elements(screen, 0, names, out);
  return out.text.empty() ? "Window: none" : out.text;
}

std::string describe_task(const std::string& screen, std::string_view goal, const std::vector<std::string>& notes) {
  std::string text = fmt::format("{}\n\nTask: {}", screen, goal);
  for (const std::string& note : notes) text += fmt::format("\nNote: {}", note);
  return text;
}

std::string quote(std::string_view text) {
  std::string quoted(1, '"');
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n' || c == '\t') quoted += '\\';
    quoted += c == '\n' ? 'n' : c == '\t' ? 't' : c;
  }
  quoted += '"';
  return quoted;
}

}  // namespace deskhand::script
