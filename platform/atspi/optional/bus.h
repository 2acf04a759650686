#pragma once
// The accessibility bus: many calls at once, none waited for longer than allowed.
//
//   std::unique_ptr<AccessibilityBus> bus = AccessibilityBus::connect(&reason);
//   const std::vector<Reply> replies = bus->call({{peer, path, "org.a11y.atspi.Accessible", "GetRole", {}}}, deadline);
//   if (replies[0]) … ReplyReader(replies[0]).number() …
//
// A peer that says nothing for `patience` after it was asked is left out until forgive(); the others go on.

#include <dbus/dbus.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace deskhand {

using Clock = std::chrono::steady_clock;

struct BusCall {
  std::string peer, path, interface, member;
  std::vector<std::variant<std::string, int32_t, uint32_t>> arguments{};
};

/// A method's reply; empty for an error, a timeout or a silent peer.
using Reply = std::shared_ptr<DBusMessage>;

/// Walks a reply. Whatever is not of the expected type reads as empty, and reading never leaves the message.
class ReplyReader {
 public:
  explicit ReplyReader(const Reply& reply);

  bool at(int type) const { return kind() == type; }
  bool more() const { return kind() != DBUS_TYPE_INVALID; }
  std::string text();  ///< of strings and object paths
  int64_t number();    ///< of int32 and uint32
  double real();       ///< of double
  /// Opens the array, structure or variant here and steps past it; empty if there is none.
  ReplyReader inside();
  void skip();

 private:
  ReplyReader() = default;
  int kind() const;

  mutable DBusMessageIter at_{};
  bool valid_ = false;
};

class AccessibilityBus {
 public:
  /// Null with a reason when there is no session bus or it offers no accessibility.
  static std::unique_ptr<AccessibilityBus> connect(std::string* reason);

  /// One reply per call, in order. Returns at the deadline at the latest.
  std::vector<Reply> call(std::span<const BusCall> calls, Clock::time_point deadline);

  bool silent(const std::string& peer) const { return silent_.contains(peer); }
  void forgive() { silent_.clear(); }

 private:
  using Connection = std::unique_ptr<DBusConnection, void (*)(DBusConnection*)>;
  explicit AccessibilityBus(Connection connection) : connection_(std::move(connection)) {}
  void call_some(std::span<const BusCall> calls, std::span<Reply> replies, Clock::time_point deadline);

  Connection connection_;
  std::set<std::string> silent_;
};

}  // namespace deskhand
