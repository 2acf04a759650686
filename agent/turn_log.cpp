#include "agent/turn_log.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "agent/effect.h"

namespace deskhand {
namespace {

constexpr std::string_view no_change = "the screen did not change";
constexpr size_t most_pictures = 32;  // more than any dialect shows

/// Models were trained on silence after what worked, and on a sentence after what did not.
std::string words_for(const Step& step) {
  if (!step.ok || step.action.name == "cursor_position") return step.result;
  return step.changed == false ? std::string(no_change) : std::string();
}

}  // namespace

Extent TurnLog::frame_for(ScreenRect monitor) const {
  const Extent frame = model_frame({monitor.width(), monitor.height()}, rule_);
  if (eyes_ == nullptr) return frame;
  const ImageLayout layout = eyes_->layout(frame.width, frame.height);
  return {layout.frame_width, layout.frame_height};
}

void TurnLog::look(const Image& screen, ScreenRect monitor) {
  Image now = crop(screen, monitor);
  const bool first = turns_.empty();
  if (!std::exchange(open_, true)) turns_.emplace_back();
  Turn& turn = turns_.back();
  const bool same =
      !first && now.width == last_.width && now.height == last_.height && !ChangeMask(last_).changed(last_, now);
  const Turn* before = turns_.size() > 1 ? &turns_[turns_.size() - 2] : nullptr;
  if (same && turn.frame) return;  // asked about again
  if (same && before && before->frame) {
    turn.frame = before->frame;
    turn.same_screen = true;
    if (Turn& told = turns_[turns_.size() - 2]; told.results.empty()) {
      told.results.push_back({.text = std::string(no_change)});
    } else if (std::string& text = told.results.back().text; text.find(no_change) == std::string::npos) {
      text += (text.empty() ? "" : "; ") + std::string(no_change);
    }
    return;
  }
  const Extent frame = frame_for(monitor);
  turn.frame = std::make_shared<const Image>(resize(now, frame.width, frame.height, rule_.filter));
  turn.same_screen = false;
  last_ = std::move(now);
  forget_old_pictures();
}

void TurnLog::forget_old_pictures() {
  size_t pictures = 0;
  for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn) {
    if (pictures > most_pictures) {
      turn->frame = nullptr;
      for (CallResult& result : turn->results) result.picture = nullptr;
    }
    if (!turn->same_screen) ++pictures;
  }
}

ViewSizes TurnLog::sizes() const {
  if (turns_.empty() || !turns_.back().frame) throw std::logic_error("nothing was looked at yet");
  return {.frame = {turns_.back().frame->width, turns_.back().frame->height}, .screen = {last_.width, last_.height}};
}

void TurnLog::said(std::string reply, bool readable) {
  turns_.back().reply = std::move(reply);
  turns_.back().readable = readable;
  open_ = false;
}

void TurnLog::told(std::string text) {
  turns_.back().results.push_back({.text = std::move(text)});
}

void TurnLog::came_of(const Action& action, const Step& step, std::shared_ptr<const Image> picture) {
  std::vector<CallResult>& results = turns_.back().results;
  if (!action.continues_call || results.empty()) results.push_back({.call = action.call});
  CallResult& result = results.back();
  if (std::string text = words_for(step); !text.empty()) result.text = std::move(text);
  if (step.changed == true && result.text == no_change) result.text.clear();
  if (picture) result.picture = std::move(picture);
}

void TurnLog::not_tried(std::span<const Action> actions, const std::string& why) {
  for (const Action& action : actions)
    if (!action.continues_call) turns_.back().results.push_back({.call = action.call, .text = why});
}

void TurnLog::user_said(const std::string& answer) {
  turns_.back().answer = answer;
}

}  // namespace deskhand
