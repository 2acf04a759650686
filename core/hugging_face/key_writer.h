#pragma once
// Writes the keys of GGUF: "<architecture>.<key>".
//
//   KeyWriter writer(metadata, "qwen2");
//   writer.set_if("attention.head_count_kv", fields.integer_if("num_key_value_heads"));

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metadata_store.h"

namespace deskhand {

class KeyWriter {
 public:
  KeyWriter(MetadataStore& metadata, std::string_view architecture)
      : metadata_(metadata), architecture_(architecture) {}

  template <typename T>
  void set(std::string_view key, T value) {
    metadata_.set(name(key), value);
  }
  template <typename T>
  void set_if(std::string_view key, const std::optional<T>& value) {
    if (value) set(key, *value);
  }
  void set_text(std::string_view key, std::string value) { metadata_.set_text(name(key), std::move(value)); }
  void set_integers(std::string_view key, std::vector<int64_t> values) {
    metadata_.set_integers(name(key), std::move(values));
  }

 private:
  std::string name(std::string_view key) const { return fmt::format("{}.{}", architecture_, key); }

  MetadataStore& metadata_;
  std::string architecture_;
};

}  // namespace deskhand
