#pragma once
// Requests over HTTP and HTTPS.
//
//   HttpClient client;
//   const HttpResponse head = client.send({.method = "HEAD", .url = "https://example.org/a"});
//   client.send({.url = url, .headers = {"Range: bytes=100-"}}, [&](const HttpResponse& r, std::string_view bytes) {
//     if (r.status == 206) file.write(bytes);
//   });
//
// Any status is an answer; HttpError is for what never became one: no connection, a broken certificate, a body that
// was cut. Proxies come from the environment, as with curl; certificates from SSL_CERT_FILE where it is set.

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace deskhand {

class HttpError : public std::runtime_error {
 public:
  HttpError(const std::string& message, bool may_pass) : std::runtime_error(message), may_pass_(may_pass) {}
  /// Whether the same request may succeed a little later.
  bool may_pass() const { return may_pass_; }

 private:
  bool may_pass_;
};

/// The request was ended by its stop token.
class HttpStopped : public std::runtime_error {
 public:
  HttpStopped() : std::runtime_error("the request was stopped") {}
};

enum class Redirects { none, same_origin, all };

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  ///< "Name: value"
  std::string body = {};
  /// Sent as "Authorization: Bearer …" to the origin of `url` alone: never to where a redirect leads elsewhere, never
  /// unencrypted to another machine.
  std::string bearer = {};
  Redirects redirects = Redirects::all;  ///< from https never to http
  std::stop_token stop = {};
};

struct HttpResponse {
  int status = 0;
  std::string url;                             ///< that answered, after redirects
  std::map<std::string, std::string> headers;  ///< names in lower case; of several the last

  /// Empty when absent.
  std::string header(const std::string& lower_case_name) const;
};

/// Gets a piece of the body; the response is complete but for its body.
using HttpBody = std::function<void(const HttpResponse&, std::string_view)>;

/// Keeps connections open between requests. One request at a time.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// What `on_body` throws ends the request and comes out of here. Bodies of redirects are not shown.
  HttpResponse send(const HttpRequest& request, const HttpBody& on_body = {});
  /// The same, with the body of at most `most_bytes` as a text; HttpError for a longer one.
  std::pair<HttpResponse, std::string> fetch(const HttpRequest& request, size_t most_bytes);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace deskhand
