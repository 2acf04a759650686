#include "core/hub/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/hub/cache.h"
#include "core/metadata.h"
#include "core/strict_json.h"
#include "platform/url.h"

namespace deskhand {
namespace {

using nlohmann::json;

constexpr size_t most_info_bytes = size_t{64} << 20;
constexpr size_t most_files = 100000;

bool is_hash(std::string_view text, size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// cardData.license, which may be a list; "other" has its name in license_name. Else the tag "license:…".
std::string license_of(const json& info) {
  const auto card = info.find("cardData");
  if (card != info.end() && card->is_object()) {
    std::string license = text_in(*card, "license");
    if (const auto list = card->find("license"); list != card->end() && list->is_array()) {
      for (const json& one : *list)
        license += (license.empty() ? "" : ", ") + (one.is_string() ? one.get<std::string>() : "");
    }
    const std::string name = text_in(*card, "license_name");
    if (license == "other" && !name.empty()) license = name;
    if (!license.empty()) return one_line(license);
  }
  const auto tags = info.find("tags");
  if (tags == info.end() || !tags->is_array()) return {};
  for (const json& tag : *tags) {
    if (tag.is_string() && tag.get<std::string>().starts_with("license:"))
      return one_line(tag.get<std::string>().substr(8));
  }
  return {};
}

HubFile file_of(const json& sibling, const std::string& repository) {
  const auto fail = [&](const std::string& why) {
    throw HubError(fmt::format("hf:{}: the hub's list of files is broken: {}", repository, why));
  };
  HubFile file;
  if (!sibling.is_object()) fail("expected objects");
  file.path = text_in(sibling, "rfilename");
  if (!is_safe_path(file.path)) fail(fmt::format("the name '{}' leads out of the folder", one_line(file.path)));
  const auto lfs = sibling.find("lfs");
  file.large = lfs != sibling.end() && lfs->is_object();
  const json& sizes = file.large ? *lfs : sibling;
  const auto size = sizes.find("size");
  if (size == sizes.end() || !size->is_number_unsigned()) fail(fmt::format("'{}' has no size", one_line(file.path)));
  file.bytes = size->get<uint64_t>();
  file.hash = file.large ? text_in(*lfs, "sha256") : text_in(sibling, "blobId");
  if (file.large && file.hash.empty()) file.hash = text_in(*lfs, "oid");
  if (!is_hash(file.hash, file.large ? 64 : 40)) fail(fmt::format("'{}' has no hash", one_line(file.path)));
  return file;
}

/// Without quotes and the mark of a weak one.
std::string etag_of(const HttpResponse& response) {
  std::string tag = response.header("x-linked-etag");
  if (tag.empty()) tag = response.header("etag");
  if (tag.starts_with("W/")) tag.erase(0, 2);
  std::erase(tag, '"');
  return tag;
}

}  // namespace

HubServer HubServer::of_user() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  const std::string offline = variable("HF_HUB_OFFLINE");
  if (!offline.empty() && offline != "0") throw HubError("HF_HUB_OFFLINE is set: nothing is downloaded");
  HubServer server;
  if (const std::string endpoint = variable("HF_ENDPOINT"); !endpoint.empty()) server.endpoint = endpoint;
  while (server.endpoint.ends_with('/')) server.endpoint.pop_back();
  server.token = hugging_face_token();
  return server;
}

std::string HubClient::file_url(const HubRepository& repository, const HubFile& file) const {
  return fmt::format("{}/{}/resolve/{}/{}", server_.endpoint, repository.name, repository.commit, url_path(file.path));
}

void HubClient::fail(const HttpResponse& response, const std::string& repository, const std::string& what) const {
  const std::string code = response.header("x-error-code");
  const bool has_token = !server_.token.empty();
  const std::string name = "hf:" + repository;
  if (code == "GatedRepo" || (response.status == 403 && has_token)) {
    throw HubError(has_token
                       ? fmt::format("{}: gated: the account of your HF_TOKEN has not been let in; accept the terms "
                                     "on {} and see that the token may read gated repositories",
                                     name, page(repository))
                       : fmt::format("{}: gated: accept the terms on {}, then set HF_TOKEN to a token of yours "
                                     "(made on {}/settings/tokens)",
                                     name, page(repository), server_.endpoint));
  }
  if (response.status == 401 && has_token && code != "RepoNotFound") {
    throw HubError(fmt::format("{}: the hub does not accept your token (HF_TOKEN, or the file {})", name,
                               (hugging_face_home() / "token").string()));
  }
  if (response.status == 401 || code == "RepoNotFound") {
    throw HubError(fmt::format("{}: there is no such repository on {}, or it is private{}", name, server_.endpoint,
                               has_token ? " and your HF_TOKEN does not open it" : ": then set HF_TOKEN"));
  }
  if (code == "RevisionNotFound") throw HubError(fmt::format("{}: there is no such revision: {}", name, what));
  if (response.status == 404)
    throw HubError(fmt::format("{}: there is no {} ({} answers 404)", name, what, server_.endpoint));
  throw HubError(fmt::format("{}: {} answers {} for {}", name, server_.endpoint, response.status, what));
}

HubRepository HubClient::repository(const HubReference& reference, std::stop_token stop) {
  const std::string url = fmt::format("{}/api/models/{}/revision/{}?blobs=true", server_.endpoint, reference.repository,
                                      url_path(reference.revision));
  const auto [response, text] = http_.fetch({.url = url, .bearer = server_.token, .stop = stop}, most_info_bytes);
  if (response.status != 200) fail(response, reference.repository, reference.revision);
  const json info = parse_json(text, url);
  HubRepository out;
  out.name = reference.repository;
  if (!info.is_object()) throw HubError(fmt::format("{}: expected an object", url));
  out.commit = text_in(info, "sha");
  if (!is_commit(out.commit)) throw HubError(fmt::format("{}: the answer has no commit in \"sha\"", url));
  out.license = license_of(info);
  const auto gated = info.find("gated");
  out.gated = gated != info.end() && (gated->is_string() || (gated->is_boolean() && gated->get<bool>()));
  const auto siblings = info.find("siblings");
  if (siblings == info.end() || !siblings->is_array() || siblings->size() > most_files) {
    throw HubError(fmt::format("{}: the answer has no list of files in \"siblings\"", url));
  }
  for (const json& sibling : *siblings) out.files.push_back(file_of(sibling, reference.repository));
  return out;
}

void HubClient::check_file(const HubRepository& repository, const HubFile& file, std::stop_token stop) {
  const HttpResponse head = http_.send({.method = "HEAD",
                                        .url = file_url(repository, file),
                                        .headers = {"Accept-Encoding: identity"},
                                        .bearer = server_.token,
                                        .redirects = Redirects::same_origin,
                                        .stop = stop});
  const bool elsewhere = head.status >= 300 && head.status < 400;
  if (head.status != 200 && !elsewhere) fail(head, repository.name, file.path);
  const auto expect = [&](std::string_view what, const std::string& got, const std::string& expected) {
    if (got.empty() || got == expected) return;
    throw HubError(fmt::format("hf:{}: {}: the hub gives the {} {}, its list says {}", repository.name, file.path, what,
                               one_line(got), expected));
  };
  expect("commit", head.header("x-repo-commit"), repository.commit);
  const std::string tag = etag_of(head);
  if (is_hash(tag, 40) || is_hash(tag, 64)) expect("hash", tag, file.hash);
  const std::string linked = head.header("x-linked-size");
  expect("size", linked.empty() && !elsewhere ? head.header("content-length") : linked, std::to_string(file.bytes));
}

int HubClient::get(const HubRepository& repository, const HubFile& file, uint64_t offset, const HttpBody& on_body,
                   std::stop_token stop) {
  HttpRequest request{.url = file_url(repository, file),
                      .headers = {"Accept-Encoding: identity"},
                      .bearer = server_.token,
                      .stop = stop};
  if (offset > 0) request.headers.push_back(fmt::format("Range: bytes={}-", offset));
  const HttpResponse response = http_.send(request, [&](const HttpResponse& head, std::string_view bytes) {
    if (head.status == 200 || head.status == 206) on_body(head, bytes);
  });
  if (response.status >= 500 || response.status == 429) {
    throw HttpError(fmt::format("{} answers {}", url_origin(response.url), response.status), true);
  }
  if (response.status != 200 && response.status != 206 && response.status != 416) {
    fail(response, repository.name, file.path);
  }
  return response.status;
}

}  // namespace deskhand
