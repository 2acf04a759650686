#include "platform/x11/settle.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "platform/process_info.h"
#include "platform/x11/properties.h"

namespace deskhand::x11 {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds ping_patience{10'000};
constexpr milliseconds sleep_patience{5000};
constexpr milliseconds least_settle{100};    ///< for clients that do not answer pings
constexpr milliseconds unknown_settle{500};  ///< for clients of which nothing is known
constexpr int asleep_samples = 4;            ///< so often in a row, 10 ms apart

}  // namespace

FocusReader::FocusReader(Connection& connection)
    : connection_(connection), next_ping_(static_cast<long>(::getpid()) << 8) {
  connection_.listen([this](const XEvent& event) { on_event(event); });
}

void FocusReader::wait_until_read() {
  connection_.sync();
  const ::Window window = focused_client(connection_);
  if (window == 0) return;  // nobody reads
  if (speaks_ping(window)) return expect_answer(window);
  std::this_thread::sleep_for(least_settle);
  const int pid = static_cast<int>(property_value(connection_, window, "_NET_WM_PID").value_or(0));
  if (pid <= 0 || !wait_asleep(pid)) std::this_thread::sleep_for(unknown_settle);
}

bool FocusReader::speaks_ping(::Window window) {
  const auto protocols = property_values(connection_, window, "WM_PROTOCOLS");
  return std::find(protocols.begin(), protocols.end(), connection_.atom("_NET_WM_PING")) != protocols.end();
}

void FocusReader::expect_answer(::Window window) {
  ::Display* display = connection_.get();
  XSelectInput(display, connection_.root(), SubstructureNotifyMask);  // the answer comes to the root window
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = window;
  event.xclient.message_type = connection_.atom("WM_PROTOCOLS");
  event.xclient.format = 32;
  event.xclient.data.l[0] = static_cast<long>(connection_.atom("_NET_WM_PING"));
  event.xclient.data.l[1] = ++next_ping_;
  event.xclient.data.l[2] = static_cast<long>(window);
  XSendEvent(display, window, False, NoEventMask, &event);
  const auto deadline = Clock::now() + ping_patience;
  // A window that closes meanwhile never answers, and reads nothing any more.
  while (answered_ != next_ping_ && Clock::now() < deadline && speaks_ping(window)) {
    connection_.pump(milliseconds(20));
  }
  XSelectInput(connection_.get(), connection_.root(), NoEventMask);
  if (answered_ == next_ping_ || !speaks_ping(window)) return;
  throw InputError(
      fmt::format("the program of window 0x{:x} does not answer within {} s: what was typed may not have arrived",
                  window, std::chrono::duration_cast<std::chrono::seconds>(ping_patience).count()));
}

void FocusReader::on_event(const XEvent& event) {
  if (event.type != ClientMessage || event.xclient.window != connection_.root()) return;
  if (static_cast<Atom>(event.xclient.data.l[0]) != connection_.atom("_NET_WM_PING")) return;
  answered_ = event.xclient.data.l[1];
}

bool FocusReader::wait_asleep(int pid) {
  const auto deadline = Clock::now() + sleep_patience;
  for (int samples = 0; Clock::now() < deadline;) {
    const char state = process_state(pid);
    if (state == '\0') return false;  // gone, or on another machine
    samples = state == 'S' ? samples + 1 : 0;
    if (samples == asleep_samples) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return true;
}

}  // namespace deskhand::x11
