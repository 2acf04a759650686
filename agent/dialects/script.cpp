// The `script` dialect, for models that were not trained to act: the model writes all calls that it can foresee, one
// per line, names what it means as the screen names it, and ends with done("answer").

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

/// A name on the screen that allows the use and is not spent.
Expression name_on_screen(GrammarBuilder& b, const DialectInput& input, NameUse use) {
  std::vector<Expression> names;
  for (const NamedElement& named : unique_names(*input.screen, use))
    if (use != NameUse::click || !input.spent.contains(named.element->id))
      names.push_back(b.literal(script::quote(named.name)));
  return names.empty() ? b.nothing() : b.choice(names);
}

struct Targets {
  Expression click, check, fill;
};

Expression any_call(GrammarBuilder& b, const Targets& targets) {
  const Expression text = quoted_text(b, 0);
  std::vector<Expression> keys;
  for (const char* key : offered_keys) keys.push_back(b.literal(script::quote(key)));
  return b.choice({
      b.sequence({b.literal("click("), targets.click, b.literal(")")}),
      b.sequence({b.literal("check("), targets.check, b.literal(")")}),
      b.sequence({b.literal("uncheck("), targets.check, b.literal(")")}),
      b.sequence({b.literal("fill("), targets.fill, b.literal(", "), text, b.literal(")")}),
      b.sequence({b.literal("type("), quoted_text(b, 1), b.literal(")")}),
      b.sequence({b.literal("key("), b.choice(keys), b.literal(")")}),
  });
}

/// first ("\n" later)* "\n" done, or done alone while the gate is open.
Grammar grammar_for(const DialectInput& input) {
  GrammarBuilder b;
  const Expression end = b.sequence({b.literal("done("), quoted_text(b, 0), b.literal(")")});
  const Expression first = any_call(b, {.click = name_on_screen(b, input, NameUse::click),
                                        .check = name_on_screen(b, input, NameUse::check),
                                        .fill = name_on_screen(b, input, NameUse::fill)});
  const Expression name = quoted_text(b, 1);  // of a window that is not known yet
  const Expression later = b.sequence({b.literal("\n"), any_call(b, {.click = name, .check = name, .fill = name})});
  const Expression all = b.sequence({first, b.repeat(later, 0, max_calls - 1), b.literal("\n"), end});
  return b.build(input.may_finish ? b.choice({all, end}) : all);
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
    .parse = script::parse,
};

}  // namespace deskhand
