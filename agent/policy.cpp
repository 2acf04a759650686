#include "agent/policy.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "platform/key_chord.h"
#include "tools/names.h"

namespace deskhand {

/// An action as rules see it.
struct ActionFacts {
  std::string tool, application, window, label, plain_label, plain_goal, role;
  std::string chord;  ///< of a key action, as canonical_chord writes it
  bool has_element = false;
  bool presses = false;   ///< sets off or chooses the target
  bool types = false;     ///< puts characters somewhere
  bool confirms = false;  ///< Return, which may press a default button
  bool keyboard = false;
  bool in_field = false;  ///< the target takes text
  bool terminal = false, password = false;
};

namespace {

bool is_field(const ScreenElement& element) {
  switch (element.role) {
    case Role::text_field:
    case Role::password_field:
    case Role::text_area:
    case Role::spin_button:
      return true;
    default:
      return element.editable;
  }
}

bool is_pressable(const ScreenElement& element) {
  switch (element.role) {
    case Role::button:
    case Role::checkbox:
    case Role::radio_button:
    case Role::toggle_button:
    case Role::link:
    case Role::menu:
    case Role::menu_item:
    case Role::tab:
    case Role::list_item:
    case Role::table_cell:
    case Role::tree_item:
      return true;
    default:
      return element.clickable && !element.editable;
  }
}

bool matches_glob(const std::vector<std::string>& globs, const std::string& text) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return fnmatch(glob.c_str(), text.c_str(), FNM_CASEFOLD) == 0; });
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool presses_keys(const Tool& tool) {
  return tool.name == "key" || tool.name == "key_down" || tool.name == "hold_key";
}

/// What may put text where it lands: a drop, and a middle click, which pastes what is selected.
bool may_insert(const Tool& tool, bool drop) {
  return drop || tool.name == "left_mouse_up" || tool.name == "middle_click";
}

ActionFacts facts_of(const Action& action, const Tool& tool, const std::optional<Target>& target,
                     const JudgedScene& scene, bool drop) {
  ActionFacts facts;
  facts.tool = tool.name;
  facts.plain_goal = plain_words(scene.goal);
  if (target && target->window) {
    facts.application = target->window->application;
    facts.window = target->window->title;
    facts.terminal = target->window->terminal;
  }
  if (target && target->element) {
    const ScreenElement& element = *target->element;
    facts.has_element = true;
    facts.label = display_name(element.text);
    facts.plain_label = plain_words(element.text);
    facts.role = role_name(element.role);
    facts.in_field = is_field(element) && element.role != Role::terminal;
    facts.terminal |= element.role == Role::terminal;
    facts.password = element.role == Role::password_field;
  }
  facts.keyboard = tool.risk == Risk::types;
  // `fill` clicks what it fills: on something that is no field, that is a press.
  facts.presses = (tool.risk == Risk::points || tool.name == "fill") && !facts.in_field;
  if (tool.name == "type" || tool.name == "fill") {
    facts.types = true;
    const std::string text = text_input(action);
    facts.confirms = text.find_first_of("\n\r") != std::string::npos;
    // Spaces and newlines press the button that has the focus.
    const bool activates = text.find_first_of(" \n\r") != std::string::npos;
    if (tool.name == "type" && activates && target && target->element && is_pressable(*target->element))
      facts.presses = true;
  }
  if (may_insert(tool, drop)) {
    facts.types = facts.in_field || facts.terminal;
    facts.keyboard = facts.terminal;
  }
  if (presses_keys(tool)) {
    facts.chord = chord_while_held(scene.held, text_input(action));
    facts.types = types_character(facts.chord);
    const std::string_view key = std::string_view(facts.chord).substr(facts.chord.rfind('+') + 1);
    facts.confirms = key == "Return";
    const bool activates = facts.confirms || key == "space";
    facts.presses = activates && target && target->element && is_pressable(*target->element);
  }
  return facts;
}

bool word_fits(const PolicyRule& rule, const ActionFacts& facts) {
  return facts.presses && std::any_of(rule.words.begin(), rule.words.end(),
                                      [&](const std::string& word) { return contains_words(facts.plain_label, word); });
}

bool applies(const PolicyRule& rule, const ActionFacts& facts) {
  if (!rule.tools.empty() && !contains(rule.tools, facts.tool)) return false;
  if (!rule.applications.empty() && !matches_glob(rule.applications, facts.application)) return false;
  if (!rule.not_applications.empty() && matches_glob(rule.not_applications, facts.application)) return false;
  if (!rule.windows.empty() && !matches_glob(rule.windows, facts.window)) return false;
  if (!rule.roles.empty() && !contains(rule.roles, facts.role)) return false;
  if (!rule.keys.empty() && (facts.chord.empty() || !matches_glob(rule.keys, facts.chord))) return false;
  if (!rule.labels.empty() && (!facts.has_element || !matches_glob(rule.labels, facts.label))) return false;
  if (!rule.words.empty() && !word_fits(rule, facts)) return false;
  if (rule.outside_fields && facts.in_field) return false;
  if (rule.unless_named && contains_words(facts.plain_goal, facts.plain_label)) return false;
  return true;
}

/// deny, hand_off, allow by a rule, ask: what comes first wins.
int strength(Verdict verdict) {
  switch (verdict) {
    case Verdict::deny:
      return 4;
    case Verdict::hand_off:
      return 3;
    case Verdict::allow:
      return 2;
    case Verdict::ask:
      return 1;
  }
  return 0;
}

struct Strongest {
  Judgement judgement;
  int strength = 0;

  void add(Verdict verdict, std::string reason) {
    const int s = deskhand::strength(verdict);
    if (s <= strength) return;
    strength = s;
    judgement = {verdict, std::move(reason)};
  }
};

std::string reason_of(const PolicyRule& rule, const ActionFacts& facts) {
  if (!rule.reason.empty()) return rule.reason;
  if (!rule.keys.empty()) return fmt::format("{} is named by a rule", facts.chord);
  if (!facts.label.empty()) return fmt::format("\"{}\" is named by a rule", facts.label);
  return "named by a rule";
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return "allow";
    case Verdict::ask:
      return "ask";
    case Verdict::hand_off:
      return "hand_off";
    case Verdict::deny:
      break;
  }
  return "deny";
}

Judgement Policy::judge_rules(const ActionFacts& facts) const {
  Strongest strongest;
  for (const PolicyRule& rule : rules_)
    if (applies(rule, facts)) strongest.add(rule.verdict, reason_of(rule, facts));
  if (facts.password && facts.types) strongest.add(password_, "it is a password field");
  if (facts.terminal && facts.keyboard) strongest.add(terminal_, "what is typed into a terminal runs as a command");
  const bool bare = !facts.has_element || facts.label.empty();
  if (facts.presses && bare && !facts.terminal) strongest.add(unlabelled_, "what is there has no name");
  if (strongest.strength == 0) return {otherwise_, otherwise_ == Verdict::allow ? "" : "no rule decides"};
  return strongest.judgement;
}

Judgement Policy::judge_default_button(ActionFacts facts, const Screen& screen) const {
  const Window* active = active_window(screen);
  facts.chord.clear();
  facts.types = facts.keyboard = facts.in_field = facts.password = false;
  facts.presses = facts.has_element = true;
  facts.tool = "click_element";
  for (const ScreenElement& element : screen.elements) {
    if (element.role != Role::button || !element.enabled || element.text.empty()) continue;
    if (active && element.window != 0 && element.window != active->id) continue;
    facts.label = display_name(element.text);
    facts.plain_label = plain_words(element.text);
    facts.role = role_name(element.role);
    const Judgement pressed = judge_rules(facts);
    if (pressed.verdict != Verdict::allow)
      return {pressed.verdict, fmt::format("it may press \"{}\": {}", facts.label, pressed.reason)};
  }
  return {};
}

Judgement Policy::judge(const Action& action, const Tool& tool, const std::optional<Target>& target,
                        const JudgedScene& scene) const {
  const Judgement start = judge_place(action, tool, target, scene, End::start);
  if (!target || !target->drop) return start;
  const Judgement drop = judge_place(action, tool, *target->drop, scene, End::drop);
  return drop.verdict > start.verdict ? drop : start;
}

Judgement Policy::judge_place(const Action& action, const Tool& tool, const std::optional<Target>& target,
                              const JudgedScene& scene, End end) const {
  const ActionFacts facts = facts_of(action, tool, target, scene, end == End::drop);
  const Judgement own = judge_rules(facts);
  if (own.verdict != Verdict::allow || !facts.confirms || facts.terminal) return own;
  if (facts.role == role_name(Role::text_area)) return own;
  // Return presses these themselves; anywhere else it may set off the window's default button.
  constexpr Role pressed_by_return[] = {Role::button, Role::toggle_button, Role::link, Role::menu, Role::menu_item};
  for (const Role role : pressed_by_return)
    if (facts.has_element && facts.role == role_name(role)) return own;
  const Judgement set_off = judge_default_button(facts, scene.screen);
  return set_off.verdict == Verdict::allow ? own : set_off;
}

}  // namespace deskhand
