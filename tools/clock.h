#pragma once
// Time, injectable: tests run a minute in no time.
//
//   Clock& clock = system_clock();
//   clock.sleep(300ms, stop);                  // false when stopped early

#include <chrono>
#include <stop_token>

namespace deskhand {

class Clock {
 public:
  using Duration = std::chrono::nanoseconds;

  virtual ~Clock() = default;
  /// Monotonic; only differences mean something.
  virtual Duration now() = 0;
  /// Seconds since 1970, for people who read traces.
  virtual double wall_seconds() = 0;
  /// False when the stop came first.
  virtual bool sleep(Duration duration, std::stop_token stop) = 0;
};

Clock& system_clock();

}  // namespace deskhand
