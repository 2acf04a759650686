#pragma once
// Metadata that is made here and not read from a GGUF file: it owns what its values point to.
//
//   MetadataStore store;
//   store.set("llama.block_count", int64_t{12});
//   store.set_text("general.architecture", "llama");
//
// A key that is set again keeps its last value.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/metadata.h"

namespace deskhand {

class MetadataStore final : public Metadata {
 public:
  void set(const std::string& key, int64_t value) { values_[key] = value; }
  void set(const std::string& key, double value) { values_[key] = value; }
  void set(const std::string& key, bool value) { values_[key] = value; }
  void set_text(const std::string& key, std::string value) { values_[key] = borrow(std::move(value)); }
  /// Text that lives elsewhere, longer than this.
  void set_view(const std::string& key, std::string_view value) { values_[key] = value; }
  void set_integers(const std::string& key, std::vector<int64_t> values);
  void set_texts(const std::string& key, std::vector<std::string> values);

  const MetadataValue* find(std::string_view key) const override;
  std::vector<std::string_view> keys() const override;

 private:
  std::string_view borrow(std::string value) { return texts_.emplace_back(std::move(value)); }

  std::map<std::string, MetadataValue, std::less<>> values_;
  std::deque<std::string> texts_;
  std::deque<std::vector<int64_t>> integers_;
};

}  // namespace deskhand
