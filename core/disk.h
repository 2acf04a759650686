#pragma once
// Room on disk: asked for before much is written, and said when it runs out.
//
//   expect_disk_room(folder, 4'000'000'000, "hf:org/name");       // NotEnoughDisk: "… needs 4.00 GB of disk,
//                                                                  // 1.20 GB are free in …"

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace deskhand {

class NotEnoughDisk : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The folder need not exist yet. Some room is left for others.
void expect_disk_room(const std::filesystem::path& folder, uint64_t bytes, const std::string& what);

/// After a call that failed with that errno: NotEnoughDisk for a full disk, a quota or a limit of a file's size, else
/// std::system_error "PATH WHAT: …".
[[noreturn]] void fail_on_file(const std::filesystem::path& path, int error, const char* what);

}  // namespace deskhand
