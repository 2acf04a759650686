#include "agent/actor.h"

#include <fmt/format.h>

#include "tools/locate.h"

namespace deskhand {
namespace {

using namespace std::chrono_literals;

constexpr int looks_before_giving_up = 3;
constexpr int most_questions = 3;      // about one action, where what is asked about keeps changing
constexpr auto missing_wait = 500ms;   // between looks for what is not there yet
constexpr auto hover_wait = 150ms;     // for a highlight under the pointer
constexpr auto restless_wait = 300ms;  // what changes in this time changes by itself
constexpr QuietWait after_action{.quiet = 200ms, .cap = 3000ms};
constexpr QuietWait before_next_look{.quiet = 300ms, .cap = 1500ms};  // a window that opens comes to rest
constexpr QuietWait second_chance{.quiet = 500ms, .cap = 1500ms};
constexpr int surroundings = 8;                       // pixels around a target that must not have changed
constexpr ScreenRect largest_target{0, 0, 400, 120};  // of larger ones only the middle is compared

bool is_keyboard(const Tool& tool) {
  return tool.risk == Risk::types && tool.name != "fill";
}

bool uses_pointer(const Tool& tool) {
  return tool.locate != nullptr && !is_keyboard(tool);
}

std::string typed_text(const Action& action) {
  return action.name == "fill" || action.name == "type" ? text_input(action) : "";
}

std::string describe(const Action& action, const Performed& out, const std::vector<std::string>& held) {
  std::string what = action.text.empty() ? action.name : action.text;
  if (!out.step.target.empty()) what += fmt::format(" on {}", out.step.target);
  if (!held.empty()) what += fmt::format(" with {} held down", fmt::join(held, "+"));
  return what;
}

std::string describe_place(const Target& target) {
  std::string place = target.element ? describe_target(target) : std::string();
  if (target.window && target.element) return fmt::format("{} in \"{}\"", place, display_name(target.window->title));
  if (target.window) return fmt::format("the window \"{}\"", display_name(target.window->title));
  return target.element ? place : describe_target(target);
}

std::string describe_places(const Target& target) {
  if (!target.drop) return describe_place(target);
  return fmt::format("{} to {}", describe_place(target), describe_place(*target.drop));
}

ScreenRect compared_part(const Target& target) {
  ScreenRect box = target.box;
  if (box.width() > largest_target.width() || box.height() > largest_target.height())
    box = {target.point.x, target.point.y, target.point.x + 1, target.point.y + 1};
  const int reach = box.width() <= 1 ? 3 * surroundings : surroundings;
  return {box.x0 - reach, box.y0 - reach, box.x1 + reach, box.y1 + reach};
}

}  // namespace

ToolContext Actor::context(const Observation& seen) const {
  return {.desktop = parts_.desktop,
          .clock = parts_.clock,
          .screen = seen.screen,
          .map = seen.map,
          .stop = stop_,
          .ask = [this](const std::string& question) {
            parts_.desktop.release_all();  // nobody can answer with keys held down
            return parts_.user.ask(question, stop_).value_or("");
          }};
}

void Actor::look(Observation& seen) const {
  check_stop();
  const double before = seen.milliseconds;
  seen = observe(parts_);
  seen.milliseconds += before;
}

void Actor::perform(const Action& action, Observation& seen, Performed& out) const {
  out.step.action = action;
  out.before = secrets_.without(seen.picture, seen.screen);
  const Tool* tool = find_tool(action.name);
  if (!tool) {
    out.step.result = fmt::format("there is no tool \"{}\"", action.name);
    return;
  }
  std::optional<Consent> consent;
  const std::vector<std::string> held = parts_.desktop.held_keys();
  int questions = 0;
  for (int looks = 0; looks < looks_before_giving_up; ++looks) {
    if (looks > 0 || questions > 0) look(seen);
    check_stop();
    if (!locate(*tool, seen, out)) return;
    const Ready ready = bring_to_front(*tool, seen, out);
    if (ready == Ready::failed) return;
    if (ready == Ready::look_again) continue;
    out.before = secrets_.without(seen.picture, seen.screen);
    const Ready permitted = permit(*tool, seen, out, consent);
    if (permitted == Ready::failed) return;
    if (permitted == Ready::look_again) {
      if (++questions == most_questions) break;
      return_to(*tool, out.target);
      if (!hold_again(held, out)) return;
      looks = -1;
      continue;
    }
    if (dry_run_) {
      out.step.ok = true;
      out.step.result = "not done: this is a dry run";
      return;
    }
    check_stop();
    if ((!out.target || is_fresh(*tool, seen, *out.target)) && act(*tool, seen, out)) return;
    parts_.desktop.wait_until_quiet(before_next_look, stop_);
  }
  out.step.result = "not done: the screen around the target keeps changing";
}

bool Actor::locate(const Tool& tool, Observation& seen, Performed& out) const {
  for (int tries = 0;; ++tries) {
    try {
      out.target = locate_target(tool, context(seen), out.step.action.input);
      out.step.target = out.target ? describe_places(*out.target) : std::string();
      if (out.target && out.target->element && takes_secret(*out.target->element))
        secrets_.learn(typed_text(out.step.action));
      return true;
    } catch (const NoSuchTarget& error) {
      out.step.result = error.what();
      if (tries + 1 == looks_before_giving_up || dry_run_) return false;
      if (!parts_.clock.sleep(missing_wait, stop_)) throw Stopped();
      look(seen);
    } catch (const ToolError& error) {
      out.step.result = error.what();
      return false;
    }
  }
}

Actor::Ready Actor::bring_to_front(const Tool& tool, Observation& seen, Performed& out) const {
  if (!out.target) return Ready::yes;
  const Target& target = *out.target;
  if (target.drop) {
    const Window* under_drop = top_window_at(seen.windows, target.drop->point);
    if (under_drop && under_drop->ours) {
      out.step.result = "that ends in Deskhand's own window";
      return Ready::failed;
    }
  }
  const Window* top = nullptr;  // what would get the click or the keys
  if (is_keyboard(tool)) {
    for (const Window& window : seen.windows)
      if (window.active) top = &window;
  } else {
    top = top_window_at(seen.windows, target.point);
  }
  if (!target.window) {
    if (!top || !top->ours) return Ready::yes;
    out.step.result = "that is Deskhand's own window";
    return Ready::failed;
  }
  if (!top && is_keyboard(tool)) return Ready::yes;  // nobody says who has the keyboard
  if (top && top->ours && is_keyboard(tool) && target.window->popup) {
    out.step.result = "Deskhand's own window has the keyboard";
    return Ready::failed;
  }
  if (top && (top->id == target.window->id || (is_keyboard(tool) && top->popup))) return Ready::yes;
  if (is_keyboard(tool) && target.window->popup) return Ready::yes;  // menus take keys without being active
  if (dry_run_) return Ready::yes;
  if (!parts_.desktop.focus(target.window->id)) {
    out.step.result =
        fmt::format("the window \"{}\" cannot be brought to the front", display_name(target.window->title));
    return Ready::failed;
  }
  parts_.desktop.wait_until_quiet(after_action, stop_);
  return Ready::look_again;
}

Actor::Ready Actor::permit(const Tool& tool, Observation& seen, Performed& out, std::optional<Consent>& consent) const {
  const Action& action = out.step.action;
  const std::vector<std::string> held = parts_.desktop.held_keys();
  const Judgement judgement =
      parts_.policy.judge(action, tool, out.target, {.screen = seen.screen, .goal = goal_, .held = held});
  out.step.verdict = judgement.verdict;
  out.step.reason = judgement.reason;
  if (judgement.verdict != Verdict::hand_off && Secrets::holds_mark(action)) {
    out.refused = true;
    out.step.result = "the text stands for a secret that is not known here";
    return Ready::failed;
  }
  if (judgement.verdict == Verdict::allow || dry_run_) return Ready::yes;
  const Confirmation confirmation{.action = describe(action, out, held), .reason = judgement.reason};
  const Consent wanted = consent_of(confirmation, out.target, seen.screen);
  if (judgement.verdict == Verdict::ask && consent == wanted) return Ready::yes;
  out.refused = true;
  if (judgement.verdict == Verdict::deny) {
    out.step.result = fmt::format("the policy forbids it: {}", judgement.reason);
    return Ready::failed;
  }
  if (parts_.approval == Approval::automatic) {
    out.step.result = fmt::format("not allowed without the user: {}", judgement.reason);
    return Ready::failed;
  }
  if (!let_go(out)) return Ready::failed;
  if (judgement.verdict == Verdict::ask) {
    out.refused = !parts_.user.confirm(confirmation, stop_);
    if (out.refused) out.step.result = fmt::format("the user did not allow it: {}", judgement.reason);
    check_stop();
    if (out.refused) return Ready::failed;
    consent = wanted;
    return Ready::look_again;
  }
  out.refused = !parts_.user.hand_off(confirmation, stop_);
  check_stop();
  out.step.ok = !out.refused;
  out.step.result = out.refused ? fmt::format("the user did not do it: {}", judgement.reason) : "the user did it";
  look(seen);
  return Ready::failed;
}

bool Actor::let_go(Performed& out) const {
  const bool button = parts_.desktop.holds_button();
  if (button || !parts_.desktop.held_keys().empty()) parts_.desktop.release_all();
  if (!button) return true;
  out.refused = false;
  out.step.result = fmt::format(
      "not done: the user must be asked ({}), and cannot answer while a mouse button is held down; it was released "
      "where it had been pressed",
      out.step.reason);
  return false;
}

bool Actor::hold_again(const std::vector<std::string>& keys, Performed& out) const {
  try {
    for (const std::string& key : keys) parts_.desktop.press_key(key);
    return true;
  } catch (const InputError& error) {
    out.step.result = fmt::format("not done: {}", error.what());
    return false;
  }
}

void Actor::return_to(const Tool& tool, const std::optional<Target>& target) const {
  if (!target || !target->window || target->window->popup) return;
  const std::vector<Window> now = parts_.desktop.windows();
  const Window* top = top_window_at(now, target->point);
  for (const Window& window : now) {
    if (window.id != target->window->id) continue;
    const bool in_front = is_keyboard(tool) ? window.active : top && (top->id == window.id || top->popup);
    if (!in_front && parts_.desktop.focus(window.id)) parts_.desktop.wait_until_quiet(after_action, stop_);
    return;
  }
}

bool Actor::same_place(const Observation& seen, const Target& target, bool keyboard) const {
  if (target.drop && !same_place(seen, *target.drop, keyboard)) return false;
  if (!target.window) return true;
  const std::vector<Window> now = parts_.desktop.windows();
  for (const Window& window : now) {
    if (window.id != target.window->id) continue;
    if (window.box != target.window->box) return false;
    if (keyboard) return window.active || target.window->popup || !target.window->active;
    const Window* top_now = top_window_at(now, target.point);
    const Window* top_then = top_window_at(seen.windows, target.point);
    return top_now && top_then && top_now->id == top_then->id;
  }
  return false;  // it is gone
}

bool Actor::is_fresh(const Tool& tool, const Observation& seen, const Target& target) const {
  if (!same_place(seen, target, is_keyboard(tool))) return false;
  if (is_keyboard(tool) && !target.element) return true;
  const Image now = parts_.desktop.capture();
  const ChangeMask nothing(now);
  if (target.drop && nothing.changed_in(seen.picture, now, compared_part(*target.drop))) return false;
  return !nothing.changed_in(seen.picture, now, compared_part(target));
}

bool Actor::same_element(const Tool& tool, const Observation& seen, const Target& target) const {
  if (target.drop && !same_element(tool, seen, *target.drop)) return false;
  if (!parts_.read_applications || !target.element || !target.window) return true;
  if (target.element->source != ElementSource::accessibility) return true;
  Screen now;
  for (const Window& window : parts_.desktop.windows())  // those of the one application
    if (!window.ours && (window.pid == target.window->pid || window.id == target.window->id))
      now.windows.push_back(window);
  now.elements = parts_.read_applications(now.windows);
  const bool by_focus = is_keyboard(tool) && target.element->focused;
  const ScreenElement* before = by_focus ? &*target.element : element_at(seen.screen, target.point);
  const ScreenElement* after = by_focus ? focused_element(now) : element_at(now, target.point);
  if (!before || before->source != ElementSource::accessibility) return true;
  return after && after->window == before->window && after->role == before->role && after->text == before->text &&
         after->enabled == before->enabled;
}

bool Actor::act(const Tool& tool, Observation& seen, Performed& out) const {
  const Clock::Duration begin = parts_.clock.now();
  ChangeMask restless(seen.picture);
  Image before;
  if (tool.locate) {
    if (uses_pointer(tool)) {
      try {
        parts_.desktop.move_pointer(out.target.value().point);
      } catch (const InputError& error) {  // the user has the mouse in hand
        out.step.result = fmt::format("not done: {}", error.what());
        return true;
      }
      if (!parts_.clock.sleep(hover_wait, stop_)) throw Stopped();
    }
    const Image earlier = parts_.desktop.capture();
    if (!parts_.clock.sleep(restless_wait, stop_)) throw Stopped();
    before = parts_.desktop.capture();
    restless.add(earlier, before);
    if (out.target && !same_place(seen, *out.target, is_keyboard(tool))) return false;
    if (out.target && !same_element(tool, seen, *out.target)) return false;
  }
  check_stop();
  out.step.executed = true;
  ToolResult result = run_tool(tool, context(seen), out.step.action.input, out.target);
  if (result.image && tool.name == "zoom") out.closer = std::make_shared<const Image>(std::move(*result.image));
  out.step.ok = result.ok;
  out.step.result = result.text;
  out.finished = result.finished;
  out.success = result.success;
  if (tool.locate) {
    parts_.desktop.wait_until_quiet(after_action, stop_);
    const bool expected = result.ok && !result.nothing_to_do;
    verify(expected ? restless : ChangeMask(Image()), expected ? before : Image(), seen, out);
  } else if (!result.finished) {
    seen = observe(parts_);
  }
  out.after = secrets_.without(seen.picture, seen.screen);
  out.step.act_ms = std::chrono::duration<double, std::milli>(parts_.clock.now() - begin).count();
  return true;
}

void Actor::verify(const ChangeMask& restless, const Image& before, Observation& seen, Performed& out) const {
  const Observation then = seen;
  seen = observe(parts_);
  if (before.empty()) return;
  const auto changed = [&] { return !same_windows(then, seen) || restless.changed(before, seen.picture); };
  out.step.changed = changed();
  if (*out.step.changed || stop_.stop_requested()) return;
  parts_.desktop.wait_until_quiet(second_chance, stop_);  // some take their time
  seen = observe(parts_);
  out.step.changed = changed();
  if (!*out.step.changed) out.step.result += "; the screen did not change";
}

}  // namespace deskhand
