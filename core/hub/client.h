#pragma once
// The hub's own protocol: what a repository holds, and where a file's bytes are.
//
//   HubClient client(HubServer::of_user());
//   const HubRepository repository = client.repository(reference, stop);
//   client.check_file(repository, repository.files[0], stop);          // HubError when we may not have it
//
// Every failure is a HubError that says what to do: which page shows the terms of a gated model, which variable holds
// the token.

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/hub/reference.h"
#include "platform/http.h"

namespace deskhand {

struct HubServer {
  std::string endpoint = "https://huggingface.co";
  std::string token = {};

  /// As HF_ENDPOINT, HF_TOKEN and the token file say; HubError when HF_HUB_OFFLINE forbids the network.
  static HubServer of_user();
};

struct HubFile {
  std::string path;
  uint64_t bytes = 0;
  std::string hash;    ///< hexadecimal: SHA-256 of the content of a large file, else the blob's SHA-1 in git
  bool large = false;  ///< which of the two
};

struct HubRepository {
  std::string name;  ///< "org/name" as the server spells it
  std::string commit;
  std::string license;  ///< empty when the model card does not say
  bool gated = false;
  std::vector<HubFile> files;
};

class HubClient {
 public:
  explicit HubClient(HubServer server) : server_(std::move(server)) {}

  HubRepository repository(const HubReference& reference, std::stop_token stop);
  /// Asks for the file's head: that we may have it, and that it is what the list said.
  void check_file(const HubRepository& repository, const HubFile& file, std::stop_token stop);
  /// Gets the bytes from `offset` on; the status is 200 (from the start), 206 or 416, anything else is a HubError.
  int get(const HubRepository& repository, const HubFile& file, uint64_t offset, const HttpBody& on_body,
          std::stop_token stop);

 private:
  std::string file_url(const HubRepository& repository, const HubFile& file) const;
  std::string page(const std::string& repository) const { return server_.endpoint + "/" + repository; }
  [[noreturn]] void fail(const HttpResponse& response, const std::string& repository, const std::string& what) const;

  HubServer server_;
  HttpClient http_;
};

}  // namespace deskhand
