#include "platform/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace deskhand {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

void set(const Url& handle, const std::string& url, const std::string& shown) {
  if (curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    throw UrlError(fmt::format("'{}': expected an http or https URL", shown));
  }
}

std::string get(const Url& handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), part, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, void (*)(void*)> owner(text, curl_free);
  return text;
}

Url parse(const std::string& url) {
  Url handle(curl_url());
  if (!handle) throw std::bad_alloc();
  set(handle, url, url);
  const std::string scheme = get(handle, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    throw UrlError(fmt::format("'{}': expected an http or https URL", url));
  }
  return handle;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::string url_origin(const std::string& url) {
  const Url handle = parse(url);
  return fmt::format("{}://{}:{}", get(handle, CURLUPART_SCHEME), lower(get(handle, CURLUPART_HOST)),
                     get(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT));
}

std::string resolve_url(const std::string& base, const std::string& link) {
  const Url handle = parse(base);
  set(handle, link, link);
  const std::string url = get(handle, CURLUPART_URL);
  parse(url);
  return url;
}

std::string url_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) != std::string::npos);
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

bool is_private(const std::string& url) {
  const Url handle = parse(url);
  if (get(handle, CURLUPART_SCHEME) == "https") return true;
  const std::string host = lower(get(handle, CURLUPART_HOST));
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "[::1]" || (numeric && host.starts_with("127."));
}

}  // namespace deskhand
