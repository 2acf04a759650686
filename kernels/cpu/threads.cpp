#include "kernels/cpu/threads.h"

#include <system_error>

#include "kernels/check.h"

namespace deskhand::cpu {
namespace {

constexpr int spins = 4000;              // some tens of microseconds
constexpr uint32_t closed = UINT32_MAX;  // a task number that no job has

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

uint32_t job_of(uint64_t ticket) {
  return static_cast<uint32_t>(ticket >> 32);
}

}  // namespace

Threads::Threads(int count) {
  CHECK(count >= 1, "{} threads", count);
  helpers_.reserve(static_cast<size_t>(count) - 1);
  try {
    for (int i = 1; i < count; ++i) helpers_.emplace_back([this, i] { help(i); });
  } catch (const std::system_error&) {
    end();
    throw;
  }
}

Threads::~Threads() {
  end();
}

void Threads::end() {
  stop_ = true;
  ++job_;
  job_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void Threads::run_job(int64_t tasks, Call call, const void* context) {
  CHECK(tasks >= 0 && tasks < INT32_MAX, "{} tasks", tasks);
  if (tasks <= 1 || helpers_.empty()) {
    for (int64_t i = 0; i < tasks; ++i) call(context, i, 0);
    return;
  }
  const uint32_t job = job_of(ticket_.load(std::memory_order_relaxed)) + 1;
  // Closed first: a helper that still holds the last ticket of the job before must not raise it while, with the new
  // number of tasks, there seems to be one more.
  ticket_.store(static_cast<uint64_t>(job) << 32 | closed);
  done_.store(0, std::memory_order_relaxed);
  tasks_.store(static_cast<uint32_t>(tasks), std::memory_order_release);
  call_.store(call, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  ticket_.store(static_cast<uint64_t>(job) << 32, std::memory_order_release);
  job_.store(job);
  if (sleeping_.load() > 0) job_.notify_all();
  while (take_task(job, 0)) {
  }
  wait_until_done(static_cast<uint32_t>(tasks));
}

bool Threads::take_task(uint32_t job, int thread) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    if (job_of(ticket) != job) return false;
    const auto task = static_cast<uint32_t>(ticket);
    if (task >= tasks_.load(std::memory_order_acquire)) return false;
    const Call call = call_.load(std::memory_order_relaxed);
    const void* context = context_.load(std::memory_order_relaxed);
    // Success means that the job was still open, hence that the fields above are its own.
    if (ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) {
      call(context, task, thread);
      done_.fetch_add(1, std::memory_order_release);
      return true;
    }
  }
}

void Threads::wait_until_done(uint32_t tasks) {
  for (int i = 0; done_.load(std::memory_order_acquire) != tasks; ++i) {
    if (i < spins) {
      pause();
    } else {
      std::this_thread::yield();  // a helper holds a task and the system runs something else
    }
  }
}

void Threads::help(int thread) {
  uint32_t seen = 0;
  while (!stop_.load()) {
    for (int i = 0; i < spins && job_.load(std::memory_order_acquire) == seen; ++i) pause();
    if (job_.load() == seen) {
      ++sleeping_;
      job_.wait(seen);
      --sleeping_;
    }
    seen = job_.load();
    if (stop_.load()) return;
    while (take_task(job_of(ticket_.load(std::memory_order_acquire)), thread)) {
    }
  }
}

}  // namespace deskhand::cpu
