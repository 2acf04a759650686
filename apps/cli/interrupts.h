#pragma once
// Ctrl-C as a stop token that can be armed again: chat stops a reply with it and goes on.
//
//   Interrupts interrupts;
//   std::stop_token stop = interrupts.token();   // requested by the next request()
//   interrupts.rearm();                           // a fresh token for what comes next

#include <mutex>
#include <stop_token>

namespace deskhand {

class Interrupts {
 public:
  std::stop_token token() const {
    const std::lock_guard lock(mutex_);
    return source_.get_token();
  }
  void request() {
    std::stop_source source;
    {
      const std::lock_guard lock(mutex_);
      source = source_;
    }
    source.request_stop();  // outside the lock: callbacks may ask for a token
  }
  void rearm() {
    const std::lock_guard lock(mutex_);
    source_ = std::stop_source();
  }

 private:
  mutable std::mutex mutex_;
  std::stop_source source_;
};

}  // namespace deskhand
