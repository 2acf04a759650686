#pragma once
// Numbers of a model file's metadata, checked: what model_config.cpp and rope.cpp read with.
//
//   ConfigKeys keys(metadata, "qwen2");
//   int64_t layers = keys.count("block_count", 4096);        // "qwen2.block_count", 1…4096
//
// Every getter throws ModelFileError naming the key.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metadata.h"

namespace deskhand {

class ConfigKeys {
 public:
  ConfigKeys(const Metadata& metadata, std::string architecture)
      : metadata_(metadata), architecture_(std::move(architecture)) {}

  const Metadata& metadata() const { return metadata_; }
  const std::string& architecture() const { return architecture_; }
  /// "<architecture>.<key>"; a key of our own ("deskhand.…") as it is.
  std::string name(std::string_view key) const;
  bool has(std::string_view key) const { return metadata_.has(name(key)); }
  [[noreturn]] void fail(std::string_view key, const std::string& message) const;

  /// A count in [1, limit]; `fallback` when absent, which throws when there is none. An array must be uniform.
  int64_t count(std::string_view key, int64_t limit, std::optional<int64_t> fallback = std::nullopt) const;
  /// A positive number below 1e30.
  float positive(std::string_view key, std::optional<double> fallback = std::nullopt) const;
  std::string_view text(std::string_view key, std::string_view fallback) const;
  bool boolean(std::string_view key, bool fallback) const { return metadata_.boolean_or(name(key), fallback); }
  /// Integers in [low, high], one per layer; empty when absent or not a list.
  std::vector<int64_t> per_layer(std::string_view key, int64_t layers, int64_t low, int64_t high) const;

 private:
  const Metadata& metadata_;
  std::string architecture_;
};

}  // namespace deskhand
