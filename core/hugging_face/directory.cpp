#include "core/hugging_face/directory.h"

#include <fmt/format.h>

#include <unordered_map>

#include "core/hugging_face/companions.h"
#include "core/hugging_face/tensors.h"
#include "core/metadata_store.h"
#include "core/strict_json.h"

namespace deskhand {
namespace {

constexpr size_t most_config_bytes = size_t{16} << 20;

class Directory final : public ModelFile {
 public:
  explicit Directory(const std::filesystem::path& path)
      : path_(path),
        config_(read_json_file(path / "config.json", most_config_bytes)),
        facts_(read_config(config_, (path / "config.json").string(), metadata_)),
        companions_(path),
        tensors_(Safetensors::open_directory(path), facts_, path.string()) {
    metadata_.set_text("general.name", std::filesystem::absolute(path / "").parent_path().filename().string());
    companions_.write(config_, metadata_);
    for (const TensorInfo& tensor : tensors_.list()) {
      if (!index_.emplace(tensor.name, &tensor).second) {
        throw ModelFileError(fmt::format("{}: two tensors are called '{}'", path.string(), one_line(tensor.name)));
      }
    }
  }

  const std::filesystem::path& path() const override { return path_; }
  const Metadata& metadata() const override { return metadata_; }
  std::span<const TensorInfo> tensors() const override { return tensors_.list(); }
  const TensorInfo* find_tensor(std::string_view name) const override {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : found->second;
  }

 private:
  std::filesystem::path path_;
  MetadataStore metadata_;
  nlohmann::json config_;
  ConfigFacts facts_;
  Companions companions_;
  CanonicalTensors tensors_;
  std::unordered_map<std::string_view, const TensorInfo*> index_;
};

}  // namespace

std::shared_ptr<const ModelFile> open_hugging_face_directory(const std::filesystem::path& directory) {
  return std::make_shared<Directory>(directory);
}

}  // namespace deskhand
