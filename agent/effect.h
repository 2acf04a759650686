#pragma once
// What changed on the screen, and what changes by itself.
//
//   ChangeMask restless(before);                 // nothing yet
//   restless.add(earlier, before);               // pixels that changed without any action
//   bool effect = restless.changed(before, after);
//
// A blinking caret (a change at most 3 wide and 64 high) never counts.

#include <cstdint>
#include <vector>

#include "platform/image.h"

namespace deskhand {

class ChangeMask {
 public:
  explicit ChangeMask(const Image& like) : width_(like.width), height_(like.height) {}
  /// Marks what differs, with a margin of 4 pixels around everything but a caret.
  void add(const Image& earlier, const Image& later);
  /// Whether anything outside the mask differs by more than a caret. Pictures of different sizes differ.
  bool changed(const Image& before, const Image& after) const { return changed_in(before, after, before.bounds()); }
  bool changed_in(const Image& before, const Image& after, ScreenRect part) const;

 private:
  int width_, height_;
  std::vector<uint8_t> marked_;  ///< [height][width]; empty: nothing
};

}  // namespace deskhand
