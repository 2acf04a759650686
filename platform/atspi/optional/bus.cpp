#include "platform/atspi/optional/bus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace deskhand {
namespace {

using namespace std::chrono_literals;
constexpr int connect_timeout_ms = 2000;
constexpr auto patience = 300ms;
constexpr size_t most_in_flight = 256;  // bounds what a hanging application keeps queued in the bus

using Message = std::unique_ptr<DBusMessage, void (*)(DBusMessage*)>;

struct BusFault {
  DBusError error{};
  BusFault() { dbus_error_init(&error); }
  ~BusFault() { dbus_error_free(&error); }
  BusFault(const BusFault&) = delete;
  BusFault& operator=(const BusFault&) = delete;
  std::string text() const { return error.message != nullptr ? error.message : "no answer"; }
};

void close_connection(DBusConnection* connection) {
  dbus_connection_close(connection);
  dbus_connection_unref(connection);
}

Message make_message(const BusCall& call) {
  Message message(
      dbus_message_new_method_call(call.peer.c_str(), call.path.c_str(), call.interface.c_str(), call.member.c_str()),
      dbus_message_unref);
  if (message == nullptr) throw std::bad_alloc();
  dbus_message_set_auto_start(message.get(), 0);
  DBusMessageIter at;
  dbus_message_iter_init_append(message.get(), &at);
  for (const auto& argument : call.arguments) {
    if (const auto* text = std::get_if<std::string>(&argument)) {
      const char* chars = text->c_str();
      dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &chars);
    } else if (const auto* number = std::get_if<int32_t>(&argument)) {
      dbus_message_iter_append_basic(&at, DBUS_TYPE_INT32, number);
    } else {
      dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT32, &std::get<uint32_t>(argument));
    }
  }
  return message;
}

/// Where the session bus listens, without starting one.
std::string session_address() {
  if (const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS"); address != nullptr && *address != '\0') {
    return address;
  }
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  if (folder == nullptr) return "";
  const std::filesystem::path socket = std::filesystem::path(folder) / "bus";
  std::error_code error;
  return std::filesystem::is_socket(socket, error) ? "unix:path=" + socket.string() : "";
}

std::unique_ptr<DBusConnection, void (*)(DBusConnection*)> open_bus(const std::string& address, std::string* reason) {
  BusFault fault;
  std::unique_ptr<DBusConnection, void (*)(DBusConnection*)> connection(
      dbus_connection_open_private(address.c_str(), &fault.error), close_connection);
  if (connection == nullptr) {
    *reason = fmt::format("the bus at {} cannot be reached: {}", address, fault.text());
    return connection;
  }
  dbus_connection_set_exit_on_disconnect(connection.get(), 0);
  const Message hello = make_message({DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "Hello"});
  const Message reply(
      dbus_connection_send_with_reply_and_block(connection.get(), hello.get(), connect_timeout_ms, &fault.error),
      [](DBusMessage* m) { dbus_message_unref(m); });
  if (reply == nullptr) {
    *reason = fmt::format("the bus at {} does not answer: {}", address, fault.text());
    connection.reset();
  }
  return connection;
}

/// The session bus knows where the accessibility bus is, and starts it.
std::string accessibility_address(std::string* reason) {
  if (const char* address = std::getenv("AT_SPI_BUS_ADDRESS"); address != nullptr && *address != '\0') return address;
  const std::string session = session_address();
  if (session.empty()) {
    *reason = "no session bus: DBUS_SESSION_BUS_ADDRESS is not set";
    return "";
  }
  const auto connection = open_bus(session, reason);
  if (connection == nullptr) return "";
  const Message ask = make_message({"org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress"});
  dbus_message_set_auto_start(ask.get(), 1);
  BusFault fault;
  const Reply reply(
      dbus_connection_send_with_reply_and_block(connection.get(), ask.get(), connect_timeout_ms, &fault.error),
      [](DBusMessage* m) {
        if (m != nullptr) dbus_message_unref(m);
      });
  const std::string address = reply ? ReplyReader(reply).text() : "";
  if (address.empty()) *reason = fmt::format("no accessibility bus (package at-spi2-core): {}", fault.text());
  return address;
}

}  // namespace

ReplyReader::ReplyReader(const Reply& reply) : valid_(reply && dbus_message_iter_init(reply.get(), &at_) != 0) {}

int ReplyReader::kind() const {
  return valid_ ? dbus_message_iter_get_arg_type(&at_) : DBUS_TYPE_INVALID;
}

void ReplyReader::skip() {
  if (more()) dbus_message_iter_next(&at_);
}

std::string ReplyReader::text() {
  std::string result;
  if (at(DBUS_TYPE_STRING) || at(DBUS_TYPE_OBJECT_PATH)) {
    const char* chars = nullptr;
    dbus_message_iter_get_basic(&at_, &chars);
    result = chars;
  }
  skip();
  return result;
}

int64_t ReplyReader::number() {
  DBusBasicValue value{};
  int64_t result = 0;
  if (at(DBUS_TYPE_INT32)) {
    dbus_message_iter_get_basic(&at_, &value);
    result = value.i32;
  } else if (at(DBUS_TYPE_UINT32)) {
    dbus_message_iter_get_basic(&at_, &value);
    result = value.u32;
  }
  skip();
  return result;
}

double ReplyReader::real() {
  double value = 0;
  if (at(DBUS_TYPE_DOUBLE)) dbus_message_iter_get_basic(&at_, &value);
  skip();
  return value;
}

ReplyReader ReplyReader::inside() {
  ReplyReader inner;
  if (at(DBUS_TYPE_ARRAY) || at(DBUS_TYPE_STRUCT) || at(DBUS_TYPE_VARIANT)) {
    dbus_message_iter_recurse(&at_, &inner.at_);
    inner.valid_ = true;
  }
  skip();
  return inner;
}

std::unique_ptr<AccessibilityBus> AccessibilityBus::connect(std::string* reason) {
  std::string ignored;
  if (reason == nullptr) reason = &ignored;
  const std::string address = accessibility_address(reason);
  if (address.empty()) return nullptr;
  Connection connection = open_bus(address, reason);
  if (connection == nullptr) return nullptr;
  return std::unique_ptr<AccessibilityBus>(new AccessibilityBus(std::move(connection)));
}

std::vector<Reply> AccessibilityBus::call(std::span<const BusCall> calls, Clock::time_point deadline) {
  std::vector<Reply> replies(calls.size());
  for (size_t first = 0; first < calls.size(); first += most_in_flight) {
    const size_t count = std::min(most_in_flight, calls.size() - first);
    call_some(calls.subspan(first, count), std::span(replies).subspan(first, count), deadline);
  }
  return replies;
}

void AccessibilityBus::call_some(std::span<const BusCall> calls, std::span<Reply> replies, Clock::time_point deadline) {
  struct Waiting {
    size_t index;
    const std::string* peer;
  };
  std::map<dbus_uint32_t, Waiting> waiting;        // by serial
  std::map<std::string, Clock::time_point> heard;  // when each peer last said something
  for (size_t i = 0; i < calls.size(); ++i) {
    if (silent_.contains(calls[i].peer)) continue;
    dbus_uint32_t serial = 0;
    if (dbus_connection_send(connection_.get(), make_message(calls[i]).get(), &serial) == 0) throw std::bad_alloc();
    waiting[serial] = {i, &calls[i].peer};
    heard[calls[i].peer] = Clock::now();
  }
  while (!waiting.empty()) {
    const auto now = Clock::now();
    std::erase_if(waiting, [&](const auto& entry) {
      const std::string& peer = *entry.second.peer;
      if (now < deadline && now - heard[peer] < patience) return false;
      silent_.insert(peer);
      return true;
    });
    if (waiting.empty()) return;
    if (dbus_connection_read_write(connection_.get(), 20) == 0) return;  // disconnected
    while (DBusMessage* message = dbus_connection_pop_message(connection_.get())) {
      const Reply reply(message, dbus_message_unref);
      const auto found = waiting.find(dbus_message_get_reply_serial(message));
      if (found == waiting.end()) continue;
      heard[*found->second.peer] = Clock::now();
      if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_RETURN) replies[found->second.index] = reply;
      waiting.erase(found);
    }
  }
}

}  // namespace deskhand
