#pragma once
// Room on disk, asked for before much is written.
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

}  // namespace deskhand
