#pragma once
// One file of a repository into the cache: whole and with the right hash, or not at all.
//
//   HubDownload download(client, cache, repository);
//   download.run(file, [](uint64_t bytes) { … }, stop);
//
// Bytes go to blobs/HASH.incomplete, which a later run continues; a cut connection is taken up again where it was. The
// file gets its name when its length and hash are right. Another download of the same file is waited for. Throws
// HubError, NotEnoughDisk, HttpStopped.

#include <functional>
#include <stop_token>

#include "core/hub/cache.h"
#include "core/hub/client.h"

namespace deskhand {

class HubDownload {
 public:
  /// Bytes of the file that are here.
  using OnProgress = std::function<void(uint64_t)>;

  HubDownload(HubClient& client, const HubCache& cache, const HubRepository& repository)
      : client_(client), cache_(cache), repository_(repository) {}

  bool is_here(const HubFile& file) const;
  /// Bytes of a download that was interrupted.
  uint64_t begun(const HubFile& file) const;
  void run(const HubFile& file, const OnProgress& on_progress, std::stop_token stop);

 private:
  std::filesystem::path part(const HubFile& file) const;
  /// The status of the answer.
  int receive(const HubFile& file, class PartFile& part, const OnProgress& on_progress, std::stop_token stop);

  HubClient& client_;
  const HubCache& cache_;
  const HubRepository& repository_;
};

}  // namespace deskhand
