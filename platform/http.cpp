#include "platform/http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <optional>

#include "platform/url.h"

namespace deskhand {
namespace {

constexpr int most_redirects = 10;
constexpr size_t most_header_bytes = size_t{1} << 20;
constexpr long connect_seconds = 20, silent_seconds = 60;

struct CurlLibrary {
  CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~CurlLibrary() { curl_global_cleanup(); }
};

/// Errors that go away by themselves: the network, not the request.
bool passes(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR:
      return true;
    default:
      return false;
  }
}

std::string trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

/// One exchange, without redirects.
struct Exchange {
  HttpResponse response;
  const HttpBody* on_body = nullptr;
  std::exception_ptr thrown;
  size_t header_bytes = 0;
};

size_t take_header(char* data, size_t, size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(data, size);
  exchange.header_bytes += size;
  if (exchange.header_bytes > most_header_bytes) return 0;
  if (line.starts_with("HTTP/")) {  // again after "100 Continue" and a proxy's answer
    exchange.response.headers.clear();
    const size_t space = line.find(' ');
    exchange.response.status = space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space)).c_str());
    return size;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  exchange.response.headers[name] = trimmed(line.substr(colon + 1));
  return size;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

HeaderList header_list(const HttpRequest& request, bool with_bearer) {
  HeaderList list;
  const auto add = [&](const std::string& line) {
    if (line.find_first_of("\r\n") != std::string::npos) throw HttpError("a header holds a line break", false);
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  for (const std::string& line : request.headers) add(line);
  if (with_bearer) add("Authorization: Bearer " + request.bearer);
  add("Expect:");
  return list;
}

}  // namespace

struct HttpClient::Parts {
  CURL* easy = nullptr;
  CURLM* multi = nullptr;

  Parts() {
    static const CurlLibrary library;
    easy = curl_easy_init();
    multi = curl_multi_init();
    if (easy == nullptr || multi == nullptr) throw std::bad_alloc();
  }
  ~Parts() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  static size_t take_body(char* data, size_t, size_t size, void* user);
  void prepare(const HttpRequest& request, const std::string& url, Exchange& exchange);
  CURLcode perform(std::stop_token stop);
  HttpResponse exchange(const HttpRequest& request, const std::string& url, const HttpBody& on_body);
};

size_t HttpClient::Parts::take_body(char* data, size_t, size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  try {
    if (*exchange.on_body && !is_redirect(exchange.response.status))
      (*exchange.on_body)(exchange.response, {data, size});
    return size;
  } catch (...) {
    exchange.thrown = std::current_exception();
    return 0;
  }
}

void HttpClient::Parts::prepare(const HttpRequest& request, const std::string& url, Exchange& exchange) {
  curl_easy_reset(easy);  // connections stay
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "deskhand");
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, silent_seconds);
  if (const char* bundle = std::getenv("SSL_CERT_FILE")) curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
}

CURLcode HttpClient::Parts::perform(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi); });
  CURLcode result = CURLE_OK;
  int running = 1;
  while (running > 0) {
    if (stop.stop_requested()) return CURLE_ABORTED_BY_CALLBACK;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) result = message->data.result;
    }
    if (running > 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  return result;
}

HttpResponse HttpClient::Parts::exchange(const HttpRequest& request, const std::string& url, const HttpBody& on_body) {
  Exchange exchange;
  exchange.on_body = &on_body;
  exchange.response.url = url;
  const bool with_bearer = !request.bearer.empty() && url_origin(url) == url_origin(request.url) && is_private(url);
  const HeaderList headers = header_list(request, with_bearer);
  char reason[CURL_ERROR_SIZE] = {};
  prepare(request, url, exchange);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
  curl_multi_add_handle(multi, easy);
  const CURLcode code = perform(request.stop);
  curl_multi_remove_handle(multi, easy);
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  if (request.stop.stop_requested()) throw HttpStopped();
  if (code != CURLE_OK) {
    // What follows the question mark may be a signature that lets people in.
    throw HttpError(
        fmt::format("{}: {}", url.substr(0, url.find('?')), reason[0] != 0 ? reason : curl_easy_strerror(code)),
        passes(code));
  }
  return std::move(exchange.response);
}

std::string HttpResponse::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

HttpClient::HttpClient() : parts_(std::make_unique<Parts>()) {}
HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request, const HttpBody& on_body) {
  std::string url = request.url;
  for (int hop = 0; hop <= most_redirects; ++hop) {
    HttpResponse response = parts_->exchange(request, url, on_body);
    const std::string location = response.header("location");
    if (!is_redirect(response.status) || location.empty() || request.redirects == Redirects::none) return response;
    const std::string next = resolve_url(url, location);
    if (url_origin(url).starts_with("https:") && !url_origin(next).starts_with("https:")) {
      throw HttpError(fmt::format("{}: leads from https to {}", url, next), false);
    }
    if (request.redirects == Redirects::same_origin && url_origin(next) != url_origin(url)) return response;
    url = next;
  }
  throw HttpError(fmt::format("{}: more than {} redirects", request.url, most_redirects), false);
}

std::pair<HttpResponse, std::string> HttpClient::fetch(const HttpRequest& request, size_t most_bytes) {
  std::string text;
  HttpResponse response = send(request, [&](const HttpResponse&, std::string_view bytes) {
    if (bytes.size() > most_bytes - text.size()) {
      throw HttpError(fmt::format("{}: the answer has more than {} bytes", request.url, most_bytes), false);
    }
    text += bytes;
  });
  return {std::move(response), std::move(text)};
}

}  // namespace deskhand
