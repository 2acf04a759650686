#pragma once
// A fixed team of threads that shares the tasks of one job at a time.
//
//   Threads threads(4);
//   threads.run(tasks, [&](int64_t task, int thread) { … });     // returns when all tasks are done
//
// The caller works too, and takes every task that nobody else has begun, so a helper that the system does not schedule
// costs at most the task it holds. Helpers spin for some microseconds after a job, because in a forward pass the next
// one follows at once, then sleep. `run` is for one caller at a time; a task must not throw and must not call `run`.

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace deskhand::cpu {

class Threads {
 public:
  /// std::system_error when the system has no more threads to give.
  explicit Threads(int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return static_cast<int>(helpers_.size()) + 1; }

  template <class Task>
  void run(int64_t tasks, const Task& task) {
    run_job(
        tasks, [](const void* context, int64_t i, int thread) { (*static_cast<const Task*>(context))(i, thread); },
        &task);
  }

 private:
  using Call = void (*)(const void* context, int64_t task, int thread);

  void run_job(int64_t tasks, Call call, const void* context);
  void end();
  void help(int thread);
  bool take_task(uint32_t job, int thread);
  void wait_until_done(uint32_t tasks);

  // `ticket_` is {job number, next task}: whoever raises it from {j, t} to {j, t + 1} owns task t of job j, and the
  // job's fields cannot change before that task is counted in `done_`. Between two jobs it is closed, so that a late
  // helper cannot raise the old one while the fields change.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<uint32_t> tasks_{0};
  std::atomic<Call> call_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<uint32_t> done_{0};
  std::atomic<uint32_t> job_{0};  ///< helpers sleep on this
  std::atomic<uint32_t> sleeping_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::thread> helpers_;
};

}  // namespace deskhand::cpu
