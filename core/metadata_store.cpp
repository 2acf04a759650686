#include "core/metadata_store.h"

namespace deskhand {

void MetadataStore::set_integers(const std::string& key, std::vector<int64_t> values) {
  constexpr uint32_t type_i64 = 11;
  const std::vector<int64_t>& kept = integers_.emplace_back(std::move(values));
  MetadataArray array;
  array.element_type = type_i64;
  array.count = kept.size();
  array.data = reinterpret_cast<const std::byte*>(kept.data());
  values_[key] = std::move(array);
}

void MetadataStore::set_texts(const std::string& key, std::vector<std::string> values) {
  constexpr uint32_t type_string = 8;
  MetadataArray array;
  array.element_type = type_string;
  array.count = values.size();
  for (std::string& value : values) array.strings.push_back(borrow(std::move(value)));
  values_[key] = std::move(array);
}

const MetadataValue* MetadataStore::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> MetadataStore::keys() const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : values_) out.push_back(key);
  return out;
}

}  // namespace deskhand
