#pragma once
// Time that passes only when someone sleeps.
//
//   FakeClock clock;
//   clock.on_sleep = [&](Clock::Duration) { stop.request_stop(); };
//   clock.sleep(300ms, token);                     // at once; now() is 300 ms later

#include <functional>

#include "tools/clock.h"

namespace deskhand {

class FakeClock final : public Clock {
 public:
  std::function<void(Duration)> on_sleep;  ///< before the time passes

  Duration now() override { return now_; }
  double wall_seconds() override { return 1.8e9 + std::chrono::duration<double>(now_).count(); }
  bool sleep(Duration duration, std::stop_token stop) override {
    if (on_sleep) on_sleep(duration);
    now_ += duration;
    return !stop.stop_requested();
  }
  void pass(Duration duration) { now_ += duration; }

 private:
  Duration now_{0};
};

}  // namespace deskhand
