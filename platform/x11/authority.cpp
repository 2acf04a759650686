#include "platform/x11/authority.h"

#include <X11/Xauth.h>
#include <X11/Xlib.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "platform/desktop.h"

namespace deskhand::x11 {
namespace {

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, FileCloser>;

struct AuthorityDeleter {
  void operator()(Xauth* entry) const { XauDisposeAuth(entry); }
};

constexpr char cookie_name[] = "MIT-MAGIC-COOKIE-1";

}  // namespace

void write_authority(const std::filesystem::path& file) {
  std::array<char, 16> cookie;
  if (::getrandom(cookie.data(), cookie.size(), 0) != static_cast<ssize_t>(cookie.size())) {
    throw DesktopError("the system gives no random numbers for a display's cookie");
  }
  std::string name = cookie_name;
  Xauth entry{};
  entry.family = FamilyWild;
  entry.name = name.data();
  entry.name_length = static_cast<unsigned short>(name.size());
  entry.data = cookie.data();
  entry.data_length = cookie.size();
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const File out(descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb"));
  if (!out || XauWriteAuth(out.get(), &entry) == 0 || std::fflush(out.get()) != 0) {
    throw DesktopError(fmt::format("cannot write the display's cookie to {}", file.string()));
  }
}

::_XDisplay* open_with_authority(const std::string& display, const std::filesystem::path& file) {
  if (file.empty()) return XOpenDisplay(display.c_str());
  const File in(std::fopen(file.c_str(), "rbe"));
  if (!in) throw DesktopError(fmt::format("cannot read the display's cookie from {}", file.string()));
  const std::unique_ptr<Xauth, AuthorityDeleter> entry(XauReadAuth(in.get()));
  if (!entry) throw DesktopError(fmt::format("{} holds no display cookie", file.string()));
  XSetAuthorization(entry->name, entry->name_length, entry->data, entry->data_length);
  ::_XDisplay* opened = XOpenDisplay(display.c_str());
  XSetAuthorization(nullptr, 0, nullptr, 0);
  return opened;
}

}  // namespace deskhand::x11
