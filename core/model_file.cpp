#include "core/model_file.h"

#include "core/gguf.h"
#include "core/hugging_face/directory.h"

namespace deskhand {

ConstView TensorInfo::view() const {
  return {data, type, shape[1] * shape[2] * shape[3], shape[0]};
}

std::shared_ptr<const ModelFile> ModelFile::open(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return open_hugging_face_directory(path);
  return GgufFile::open(path);
}

}  // namespace deskhand
