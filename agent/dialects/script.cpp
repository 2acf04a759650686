// The `script` dialect, for models that were not trained to act: the model writes all calls that it can foresee, one
// per line, names what it means as the screen names it, and ends with done("answer").

#include <set>
#include <vector>

#include "agent/dialect.h"
#include "agent/script/parse.h"
#include "agent/script/text.h"
#include "core/constraint/grammar.h"
#include "tools/names.h"

namespace deskhand {
namespace {

using Expression = GrammarBuilder::Expression;

constexpr uint32_t max_text_characters = 70;
constexpr uint32_t max_calls = 12;
constexpr int64_t max_reply_tokens = 256;

/// What can be pressed; whether it may be is the policy's business.
constexpr const char* offered_keys[] = {
    "Return", "Escape", "Tab",    "shift+Tab", "space",     "BackSpace", "Delete", "Up",         "Down",
    "Left",   "Right",  "Home",   "End",       "Page_Up",   "Page_Down", "F2",     "F5",         "F10",
    "ctrl+a", "ctrl+c", "ctrl+v", "ctrl+x",    "ctrl+z",    "ctrl+s",    "ctrl+o", "ctrl+n",     "ctrl+t",
    "ctrl+f", "ctrl+l", "ctrl+w", "ctrl+q",    "ctrl+Home", "ctrl+End",  "alt+F4", "ctrl+Return"};

/// A quoted text without newline.
Expression quoted_text(GrammarBuilder& b, uint32_t least) {
  const Expression character = b.choice({b.text_character(U"\"\\"), b.literal("\\\""), b.literal("\\\\")});
  return b.sequence({b.literal("\""), b.repeat(character, least, max_text_characters), b.literal("\"")});
}

/// A name on the screen that allows the use and is not among the excluded.
Expression name_on_screen(GrammarBuilder& b, const Screen& screen, NameUse use, const std::set<int>& excluded) {
  std::vector<Expression> names;
  for (const NamedElement& named : unique_names(screen, use))
    if (!excluded.contains(named.element->id)) names.push_back(b.literal(script::quote(named.name)));
  return names.empty() ? b.nothing() : b.choice(names);
}

/// Whether there is a place for text without a name of its own, or no knowing. Where every field has a name, small
/// models would type the names instead of filling the fields.
bool offers_typing(const Screen& screen) {
  bool known = false;
  for (const ScreenElement& element : screen.elements) {
    known = known || element.source == ElementSource::accessibility;
    if (element.role == Role::terminal || element.role == Role::text_area) return true;
    if (element.editable && plain_words(element.text).empty()) return true;
  }
  return !known;
}

Expression click(GrammarBuilder& b, Expression target) {
  return b.sequence({b.literal("click("), target, b.literal(")")});
}

Expression tick(GrammarBuilder& b, Expression target) {
  return b.sequence({b.choice({b.literal("check("), b.literal("uncheck(")}), target, b.literal(")")});
}

Expression fill(GrammarBuilder& b, Expression target) {
  return b.sequence({b.literal("fill("), target, b.literal(", "), quoted_text(b, 0), b.literal(")")});
}

Expression type(GrammarBuilder& b) {
  return b.sequence({b.literal("type("), quoted_text(b, 1), b.literal(")")});
}

Expression press(GrammarBuilder& b) {
  std::vector<Expression> keys;
  for (const char* key : offered_keys) keys.push_back(b.literal(script::quote(key)));
  return b.sequence({b.literal("key("), b.choice(keys), b.literal(")")});
}

/// The screen as it may be after fields were filled and boxes ticked: what is disabled now may be enabled then.
Screen with_all_enabled(const Screen& screen) {
  Screen later = screen;
  for (ScreenElement& element : later.elements) element.enabled = true;
  return later;
}

/// Calls, one per line, then done. Until the first click or key the screen stays what it is: only names on it are
/// offered. What comes after happens in windows that are not known yet.
Grammar grammar_for(const DialectInput& input) {
  GrammarBuilder b;
  const Screen& screen = *input.screen;
  const auto lines = [&](Expression call, uint32_t least) {
    return b.repeat(b.sequence({call, b.literal("\n")}), least, max_calls - 1);
  };
  std::set<int> not_next = input.spent;
  not_next.insert(input.waiting.begin(), input.waiting.end());
  const Expression write =
      b.choice({fill(b, name_on_screen(b, screen, NameUse::fill, {})), offers_typing(screen) ? type(b) : b.nothing()});
  const Expression choose = tick(b, name_on_screen(b, screen, NameUse::check, input.foreign));
  const Expression next = b.choice({click(b, name_on_screen(b, screen, NameUse::click, not_next)), press(b)});
  const Screen later = with_all_enabled(screen);
  const auto click_later = [&](const std::set<int>& excluded) {
    return b.choice({click(b, name_on_screen(b, later, NameUse::click, excluded)), press(b)});
  };
  const Expression name = quoted_text(b, 1);
  const Expression any = b.choice({click(b, name), tick(b, name), fill(b, name), type(b), press(b)});
  const Expression done = b.sequence({b.literal("done("), quoted_text(b, 0), b.literal(")")});
  const Expression rest = b.sequence({b.literal("\n"), lines(any, 0), done});
  const Expression to_the_end = b.choice({done, b.sequence({click_later(input.spent), rest})});
  std::vector<Expression> forms = {
      b.sequence({next, rest}), b.sequence({lines(write, 1), click_later(not_next), rest}),
      b.sequence({lines(write, 0), choose, b.literal("\n"), lines(b.choice({write, choose}), 0), to_the_end}),
      b.sequence({lines(write, 1), done})};
  if (input.may_finish) forms.push_back(done);
  return b.build(b.choice(forms));
}

int matches(const ModelInfo&) {
  return 1;
}

DialectPrompt prompt(const DialectInput& input) {
  DialectPrompt result;
  result.messages = script::constant_messages();
  result.messages.push_back(
      {Message::Role::user, script::describe_task(script::describe_screen(*input.screen), input.goal, input.notes)});
  for (const Action& action : input.done) result.continuation += script::write(action) + "\n";
  result.grammar = std::make_shared<const Grammar>(grammar_for(input));
  result.max_tokens = max_reply_tokens;
  return result;
}

}  // namespace

extern const Dialect dialect_script = {
    .name = "script",
    .matches = matches,
    .prompt = prompt,
    .parse = [](std::string_view reply, const ViewSizes&) { return script::parse(reply); },
};

}  // namespace deskhand
