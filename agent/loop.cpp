#include "agent/loop.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "platform/key_chord.h"
#include "vision/marks.h"

namespace deskhand {
namespace {

using namespace std::chrono_literals;

constexpr auto window_wait = 250ms;  // between looks for a window
constexpr int first_window_looks = 20, next_window_looks = 6;
constexpr int most_asks_without_action = 4, most_refusals = 2;
constexpr Colour target_colour{220, 20, 60};

ViewSizes sizes_of(const FrameMap& map) {
  return {.frame = {map.frame_width, map.frame_height}, .screen = {map.screen.width(), map.screen.height()}};
}

constexpr std::string_view failed_before = "Not executed: an earlier computer action in this turn failed.";
constexpr std::string_view windows_changed = "Not executed: a window opened or closed after the action before.";

Day day_of(double wall_seconds) {
  const std::tm local = fmt::localtime(static_cast<std::time_t>(wall_seconds));
  return {local.tm_year + 1900, local.tm_mon + 1, local.tm_mday};
}

constexpr std::string_view answer_note = "the user says: ";

/// Neither what the user answered nor what is typed into a secret field.
Step for_the_record(const Performed& performed, const Secrets& secrets) {
  Step step = performed.step;
  if (step.action.name == "ask_user" && step.ok) step.result = "the user answered";
  const bool secret = performed.target && performed.target->element && takes_secret(*performed.target->element);
  const std::string typed = step.action.name == "scroll" ? "" : text_input(step.action);
  if (secret && !typed.empty() && (step.action.name != "key" || types_character(typed))) {
    step.action.input["text"] = Secrets::mark;
    step.action.text = fmt::format("{} {}", step.action.name, Secrets::mark);
  }
  step.action.input = nlohmann::json(secrets.mask_all(nlohmann::ordered_json(step.action.input)));
  for (std::string* text : {&step.action.text, &step.target, &step.reason, &step.result}) *text = secrets.mask(*text);
  return step;
}

}  // namespace

Loop::Loop(const AgentParts& parts, std::string goal, const Limits& limits, const std::stop_token& stop)
    : parts_(parts),
      goal_(std::move(goal)),
      limits_(limits),
      forward_(stop, [this] { inner_.request_stop(); }),
      user_stop_(stop),
      actor_(parts, secrets_, goal_, limits.dry_run, inner_.get_token()),
      started_(parts.clock.now()) {
  today_ = day_of(parts.clock.wall_seconds());
  if (parts.dialect.sees) log_.emplace(parts.dialect.frame, parts.eyes);
}

double Loop::elapsed() const {
  return std::chrono::duration<double>(parts_.clock.now() - started_).count();
}

void Loop::finish(Outcome::Status status, std::string reason) {
  outcome_.status = status;
  outcome_.reason = std::move(reason);
}

void Loop::begin() {
  if (parts_.trace)
    parts_.trace->begin({{"goal", goal_},
                         {"mind", parts_.mind.name()},
                         {"dialect", parts_.dialect.name},
                         {"approval", parts_.approval == Approval::automatic ? "auto" : "ask"},
                         {"max_steps", limits_.max_steps},
                         {"max_seconds", limits_.max_seconds},
                         {"dry_run", limits_.dry_run},
                         {"started", parts_.clock.wall_seconds()}});
  for (int looks = 0; looks < first_window_looks; ++looks) {
    wait_for_window();
    if (has_window(seen_)) break;
  }
  gate_.emplace(goal_, seen_.screen);
}

void Loop::wait_for_window() {
  if (inner_.stop_requested()) throw Stopped();
  seen_ = observe(parts_);
  if (!has_window(seen_) && !parts_.clock.sleep(window_wait, inner_.get_token())) throw Stopped();
}

Outcome Loop::run() {
  begin();
  while (!is_over()) {
    const bool stale_script = !script_.empty() && !same_windows(seen_, asked_about_);
    if (stale_script) drop_script(std::string(windows_changed));
    if (script_.empty() && !ask()) break;
    if (!script_.empty() && !next_action()) break;
  }
  return outcome_;
}

Outcome Loop::replay(const std::vector<Action>& actions) {
  replaying_ = true;
  begin();
  script_.assign(actions.begin(), actions.end());
  finish(Outcome::Status::done, "");
  while (!script_.empty() && !is_over())
    if (!next_action()) break;
  return outcome_;
}

bool Loop::is_over() {
  if (user_stop_.stop_requested()) throw Stopped();
  if (elapsed() >= limits_.max_seconds) {
    finish(Outcome::Status::limit, fmt::format("the time limit of {} s was reached", limits_.max_seconds));
    return true;
  }
  if (outcome_.steps >= limits_.max_steps) {
    finish(Outcome::Status::limit, fmt::format("the limit of {} steps was reached", limits_.max_steps));
    return true;
  }
  for (int looks = 0; !has_window(seen_) && looks < next_window_looks; ++looks) wait_for_window();
  if (has_window(seen_)) return false;
  const bool more_to_do = !script_.empty() && script_.front().name != "done";
  if (actions_ > 0 && more_to_do) {
    finish(Outcome::Status::failed, "the last window went away before " + script_.front().text);
  } else if (actions_ > 0) {
    finish(Outcome::Status::done, "");
    if (!script_.empty() && script_.front().name == "done") outcome_.answer = script_.front().input.value("answer", "");
  } else {
    finish(Outcome::Status::failed, "there is no window on the screen");
  }
  return true;
}

DialectInput Loop::input_for_mind() {
  DialectInput input;
  input.goal = goal_;
  input.screen = &seen_.screen;
  input.done = done_;
  input.notes = notes_;
  if (log_) {
    log_->look(seen_.picture, seen_.map.screen);
    input.turns = log_->turns();
    input.today = today_;
  } else {
    describe_elements(input);
  }
  return input;
}

void Loop::describe_elements(DialectInput& input) {
  input.may_finish = gate_->open(seen_.screen, actions_);
  input.spent = repetition_.spent_ids(seen_.screen);
  for (const ScreenElement& element : seen_.screen.elements)
    if (denied_.contains(element.text)) input.spent.insert(element.id);
  input.waiting = gate_->waiting(seen_.screen);
  input.foreign = gate_->foreign(seen_.screen);
  if (!input.may_finish && actions_ > 0 && !done_refused_) gate_->refuse();
  done_refused_ = false;
}

void Loop::drop_script(const std::string& why) {
  if (script_.empty()) return;
  if (log_) log_->not_tried(std::vector<Action>(script_.begin(), script_.end()), why);
  script_.clear();
  parts_.desktop.release_all();
}

bool Loop::ask() {
  if (++asks_without_action_ > most_asks_without_action) {
    finish(Outcome::Status::failed, notes_.empty() ? "the model does not get on" : notes_.back());
    return false;
  }
  const DialectInput input = input_for_mind();
  const DialectPrompt prompt = parts_.dialect.prompt(input);
  asked_about_.windows = seen_.windows;
  const Clock::Duration begin = parts_.clock.now();
  const TextSink sink = [this](std::string_view text) {
    if (parts_.on_text) parts_.on_text(text);
    if (elapsed() >= limits_.max_seconds) inner_.request_stop();
  };
  const std::string asked = prompt.messages.back().text() + "\n" + prompt.continuation;
  const MindReply reply = parts_.mind.reply(request_of(parts_.dialect, prompt), sink, inner_.get_token());
  think_ms_ += std::chrono::duration<double, std::milli>(parts_.clock.now() - begin).count();
  ++outcome_.asked;
  outcome_.prompt_tokens += reply.prompt_tokens;
  outcome_.reused_tokens += reply.reused_tokens;
  outcome_.generated_tokens += reply.generated_tokens;
  const bool readable = take_reply(reply);
  record_thought(input, asked, reply, readable);
  if (user_stop_.stop_requested()) throw Stopped();
  return true;  // when the time is up, is_over says so
}

void Loop::record_thought(const DialectInput& input, std::string asked, const MindReply& reply, bool readable) {
  const std::vector<Action> actions(script_.begin(), script_.end());
  const std::string said = secrets_.mask_reply(reply.text, readable, actions, seen_.screen);
  std::vector<std::string> notes = input.notes;
  for (std::string& note : notes) {
    const std::string whole = note;
    if (note.starts_with(answer_note)) note = fmt::format("{}{}", answer_note, Secrets::mark);
    if (const size_t at = asked.find(whole); note != whole && at != std::string::npos)
      asked.replace(at, whole.size(), note);
    note = secrets_.mask(note);
  }
  if (!parts_.trace) return;
  parts_.trace->thought({{"asked", secrets_.mask(asked)},
                         {"reply", said},
                         {"complete", reply.complete},
                         {"may_finish", input.may_finish},
                         {"notes", notes},
                         {"prompt_tokens", reply.prompt_tokens},
                         {"reused_tokens", reply.reused_tokens},
                         {"generated_tokens", reply.generated_tokens},
                         {"seconds", reply.seconds}});
}

bool Loop::take_reply(const MindReply& reply) {
  if (inner_.stop_requested()) return false;
  try {
    const ViewSizes sizes = log_ ? log_->sizes() : sizes_of(seen_.map);
    const std::vector<Action> actions = parse_reply(parts_.dialect, reply.text, sizes);
    script_.assign(actions.begin(), actions.end());
    if (log_) {
      log_->said(reply.text, true);
      for (Action& action : script_) action.text = call_in_words(action);
    }
  } catch (const DialectError& error) {
    if (log_) {
      log_->said(reply.text, false);
      log_->told(error.what());
    }
    // The words of a reply that cannot be read may be a secret.
    const bool hide = secrets_.mask_reply(reply.text, false, {}, seen_.screen) == Secrets::mark;
    notes_.push_back(hide ? "expected a call such as click(\"NAME\")" : error.what());
    return false;
  }
  return reply.complete;
}

bool Loop::next_action() {
  const Action action = std::move(script_.front());
  script_.pop_front();
  if (!log_ && action.name == "done" && !replaying_ && !limits_.dry_run && !accept_done()) return true;
  if (!log_ && leave_out(action)) return true;
  Performed performed;
  performed.step.number = ++outcome_.steps;
  performed.step.think_ms = std::exchange(think_ms_, 0);
  const std::string print = fingerprint(seen_.screen);
  perform(action, performed);
  if (performed.step.executed) {
    const std::optional<ScreenElement> element = performed.target ? performed.target->element : std::nullopt;
    repetition_.add(action, element, print, performed.step.changed);
  }
  return follow_up(performed);
}

bool Loop::accept_done() {
  if (gate_->open(seen_.screen, actions_)) return true;
  gate_->refuse();
  done_refused_ = true;
  script_.clear();
  return false;
}

std::optional<ScreenElement> Loop::element_of(const Action& action) const {
  const Tool* tool = find_tool(action.name);
  const ToolContext context{.desktop = parts_.desktop, .clock = parts_.clock, .screen = seen_.screen, .map = seen_.map};
  try {
    const std::optional<Target> target = tool ? locate_target(*tool, context, action.input) : std::nullopt;
    return target ? target->element : std::nullopt;
  } catch (const ToolError&) {
    return std::nullopt;
  }
}

/// A click that would repeat one without effect, or a box that the task does not speak of, is left out and the script
/// goes on. A click that comes too early ends the script.
bool Loop::leave_out(const Action& action) {
  const bool clicks = action.name == "click_element", ticks = action.name == "check" || action.name == "uncheck";
  if (replaying_ || (!clicks && !ticks)) return false;
  const std::optional<ScreenElement> element = element_of(action);
  if (!element) return false;
  if (clicks && repetition_.is_spent(*element, fingerprint(seen_.screen))) {
    notes_.push_back(fmt::format("{} was done before", action.text));
    return true;
  }
  if (ticks && gate_->foreign(seen_.screen).contains(element->id)) {
    notes_.push_back(fmt::format("{}: the task does not ask for it", action.text));
    return true;
  }
  if (!clicks || !gate_->waiting(seen_.screen).contains(element->id)) return false;
  gate_->open(seen_.screen, actions_);
  notes_.push_back(fmt::format("not yet {}: {}", action.text, gate_->reason()));
  gate_->refuse();
  script_.clear();
  return true;
}

void Loop::perform(const Action& action, Performed& performed) {
  performed.step.observation_ms = seen_.milliseconds;
  try {
    actor_.perform(action, seen_, performed);
  } catch (const std::exception& error) {  // the record is complete whatever happens
    performed.step.action = action;
    performed.step.result = error.what();
    try {
      record(performed);
    } catch (const TraceError&) {
      // the first error matters more
    }
    throw;
  }
  record(performed);
}

void Loop::record(const Performed& performed) {
  const Step step = for_the_record(performed, secrets_);
  if (parts_.trace) {
    Image marked = performed.before;
    if (performed.target && !marked.empty()) {
      draw_box(marked, performed.target->box.intersect(marked.bounds()), target_colour, "");
      draw_target(marked, performed.target->point, target_colour);
    }
    parts_.trace->step(step, {.before = &performed.before, .marked = &marked, .after = &performed.after});
  }
  if (parts_.on_step) parts_.on_step(step);
}

bool Loop::follow_up(const Performed& performed) {
  const Step& step = performed.step;
  if (performed.finished) {
    outcome_.answer = step.result;
    finish(performed.success ? Outcome::Status::done : Outcome::Status::failed,
           performed.success ? "" : "the model says that it could not do it");
    return false;
  }
  const bool succeeded = step.ok && (step.executed || !performed.refused);
  if (log_) log_->came_of(step.action, step, performed.closer);
  if (succeeded) {
    ++actions_;
    asks_without_action_ = 0;
    notes_.clear();
    done_.push_back(step.action);
    if (performed.target && performed.target->element) gate_->touched(*performed.target->element);
    if (step.action.name == "ask_user") {
      const auto& elements = seen_.screen.elements;
      if (names_secret(step.action.input.value("question", "")) ||
          std::any_of(elements.begin(), elements.end(), takes_secret))
        secrets_.learn(step.result);
      notes_.push_back(fmt::format("{}{}", answer_note, step.result));
      if (log_) log_->user_said(step.result);
    }
    if (step.changed == false) notes_.push_back(step.action.text + " changed nothing");
  }
  if (limits_.dry_run) {
    finish(Outcome::Status::done, "");
    return !script_.empty();
  }
  if (!succeeded) {
    notes_.push_back(fmt::format("{}: {}", step.action.text, step.result));
    drop_script(std::string(failed_before));
    if (performed.refused && performed.target && performed.target->element)
      denied_.insert(performed.target->element->text);
    if (replaying_ || (performed.refused && ++refusals_ >= most_refusals)) {
      finish(Outcome::Status::failed, notes_.back());
      return false;
    }
  }
  if (repetition_.is_loop() && !replaying_) {
    finish(Outcome::Status::failed, fmt::format("{} was repeated on the same screen", step.action.text));
    return false;
  }
  return true;
}

}  // namespace deskhand
