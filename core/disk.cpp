#include "core/disk.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "core/readable_bytes.h"

namespace deskhand {
namespace fs = std::filesystem;

void expect_disk_room(const fs::path& folder, uint64_t bytes, const std::string& what) {
  constexpr uint64_t for_others = uint64_t{64} << 20;
  std::error_code error;
  fs::path there = fs::absolute(folder);
  while (!fs::exists(there, error) && there != there.root_path()) there = there.parent_path();
  const fs::space_info space = fs::space(there, error);
  if (error || space.capacity == 0 || bytes == 0) return;  // no disk that fills up
  if (space.available >= for_others && space.available - for_others >= bytes) return;
  throw NotEnoughDisk(fmt::format("{} needs {} of disk, {} are free in {}, of which {} are left alone", what,
                                  readable_bytes(bytes), readable_bytes(uint64_t{space.available}), folder.string(),
                                  readable_bytes(for_others)));
}

void fail_on_file(const fs::path& path, int error, const char* what) {
  if (error == ENOSPC || error == EDQUOT) throw NotEnoughDisk(fmt::format("{}: the disk is full", path.string()));
  if (error == EFBIG) {
    throw NotEnoughDisk(
        fmt::format("{}: reached the largest size that a file may have here (ulimit -f, file system)", path.string()));
  }
  throw std::system_error(error, std::generic_category(), fmt::format("{} {}", path.string(), what));
}

}  // namespace deskhand
