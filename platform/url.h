#pragma once
// Parts of http and https URLs.
//
//   url_origin("https://Example.org/a?b")                  == "https://example.org:443"
//   resolve_url("https://example.org/a/b", "../c")         == "https://example.org/c"
//   url_path("Q4 0/model.gguf")                            == "Q4%200/model.gguf"
//
// Throws UrlError for what is no http(s) URL.

#include <stdexcept>
#include <string>
#include <string_view>

namespace deskhand {

class UrlError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Scheme, host and port, the port always said.
std::string url_origin(const std::string& url);
/// Where a link on the page `base` leads.
std::string resolve_url(const std::string& base, const std::string& link);
/// Everything but letters, digits, "-._~" and slashes as %XX.
std::string url_path(std::string_view path);
/// Whether nobody on the way can read what is sent: https, or this machine itself.
bool is_private(const std::string& url);

}  // namespace deskhand
