#pragma once
// The run as a model that sees is told it: pictures, what it said, what came of it. It only grows.
//
//   TurnLog log(dialect.frame, &encoder);
//   log.look(seen.picture, seen.map.screen);             // the next turn: what the model is asked about
//   log.said("<tool_call>…", true);
//   log.came_of(action, step, nullptr);                  // once per action, in order
//
// A screen that stays as it was, but for a caret, is the same picture again. Pictures that no dialect shows any more
// are let go.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/prompt/frame_rule.h"
#include "agent/prompt/turn.h"
#include "agent/transcript.h"
#include "vision/encoder.h"

namespace deskhand {

class TurnLog {
 public:
  /// `eyes` may be null: the frame is then as the rule says, whatever the model makes of it.
  TurnLog(const FrameRule& rule, const ImageEncoder* eyes) : rule_(rule), eyes_(eyes) {}

  /// The part of the screen that is the monitor becomes the frame of the next turn.
  void look(const Image& screen, ScreenRect monitor);
  void said(std::string reply, bool readable);
  /// What the model is told of a reply as a whole: why it could not be read.
  void told(std::string text);
  /// `picture`: what the action was to show, null for none.
  void came_of(const Action& action, const Step& step, std::shared_ptr<const Image> picture);
  /// Actions of the reply that were not tried because an earlier one failed, or because windows changed.
  void not_tried(std::span<const Action> actions, const std::string& why);
  void user_said(const std::string& answer);

  const std::vector<Turn>& turns() const { return turns_; }
  /// Of the last look.
  ViewSizes sizes() const;

 private:
  Extent frame_for(ScreenRect monitor) const;
  void forget_old_pictures();

  FrameRule rule_;
  const ImageEncoder* eyes_;
  std::vector<Turn> turns_;
  bool open_ = false;  ///< the last turn waits for its reply
  Image last_;         ///< the monitor's part of the screen at the last look
};

}  // namespace deskhand
