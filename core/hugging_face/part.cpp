#include "core/hugging_face/part.h"

#include <fmt/format.h>

#include <deque>
#include <optional>
#include <unordered_map>

#include "core/hugging_face/tensors.h"
#include "core/safetensors.h"

namespace deskhand {
namespace {

class Part final : public ModelFile {
 public:
  Part(const std::filesystem::path& directory, const PartNames& names, MetadataStore metadata)
      : path_(directory), metadata_(std::move(metadata)), file_(Safetensors::open_directory(directory)) {
    for (const TensorInfo& stored : file_.tensors()) {
      for (const std::string_view prefix : names.prefixes) {
        if (!stored.name.starts_with(prefix)) continue;
        add(stored, stored.name.substr(prefix.size()), names);
        break;
      }
    }
    for (const TensorInfo& tensor : tensors_) {
      if (!index_.emplace(tensor.name, &tensor).second) {
        throw ModelFileError(fmt::format("{}: two tensors are called '{}'", path_.string(), one_line(tensor.name)));
      }
    }
  }

  const std::filesystem::path& path() const override { return path_; }
  const Metadata& metadata() const override { return metadata_; }
  std::span<const TensorInfo> tensors() const override { return tensors_; }
  const TensorInfo* find_tensor(std::string_view name) const override {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : found->second;
  }

 private:
  void add(const TensorInfo& stored, std::string_view rest, const PartNames& names) {
    std::string name = renamed(rest, names.tensors);
    TensorInfo tensor = stored;
    tensor.data = aligned_data(stored, copies_);
    if (!name.empty()) tensor.name = names_.emplace_back(std::move(name));
    tensors_.push_back(tensor);
  }

  std::filesystem::path path_;
  MetadataStore metadata_;
  Safetensors file_;
  std::deque<std::string> names_;
  std::deque<std::vector<float>> copies_;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string_view, const TensorInfo*> index_;
};

/// What stands where the alias has its star; null when the name is not of this form.
std::optional<std::string_view> starred(std::string_view alias, std::string_view name) {
  const size_t star = alias.find('*');
  if (star == std::string_view::npos) return alias == name ? std::optional<std::string_view>("") : std::nullopt;
  const std::string_view before = alias.substr(0, star), behind = alias.substr(star + 1);
  if (name.size() <= before.size() + behind.size() || !name.starts_with(before) || !name.ends_with(behind)) {
    return std::nullopt;
  }
  const std::string_view number = name.substr(star, name.size() - before.size() - behind.size());
  constexpr size_t most_digits = 5;
  if (number.size() > most_digits || number.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::string renamed(std::string_view name, std::span<const TensorAlias> aliases) {
  for (const TensorAlias& alias : aliases) {
    const auto number = starred(alias.theirs, name);
    if (!number) continue;
    const size_t star = alias.ours.find('*');
    if (star == std::string_view::npos) return std::string(alias.ours);
    return fmt::format("{}{}{}", alias.ours.substr(0, star), *number, alias.ours.substr(star + 1));
  }
  return {};
}

std::shared_ptr<const ModelFile> open_part(const std::filesystem::path& directory, const PartNames& names,
                                           MetadataStore metadata) {
  return std::make_shared<Part>(directory, names, std::move(metadata));
}

}  // namespace deskhand
