#pragma once
// Pages of keys and values, and where each layer finds its own.
//
//   KvPlan plan(layers, DType::f16, backend);       // layers with the same window share a group
//   PagePool pool(plan, backend);
//   std::byte* page = pool.take(group);             // 64 positions of all layers of the group
//
// A page is an opaque blob whose layout the backend owns. Pages that a sequence gives back are used again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"

namespace deskhand {

/// What one layer keeps of the past.
struct LayerMemory {
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t window = 0;  ///< keys that a row sees, its own included; 0: all
};

class KvPlan {
 public:
  struct Place {
    size_t group = 0;
    size_t offset = 0;  ///< bytes of the layer's part inside a page of the group
    KvLayout layout;
  };
  struct Group {
    int64_t window = 0;
    size_t page_bytes = 0;
  };

  KvPlan(std::span<const LayerMemory> layers, DType type, const Backend& backend);
  const Place& layer(int64_t index) const { return layers_[static_cast<size_t>(index)]; }
  std::span<const Group> groups() const { return groups_; }
  /// Bytes of one position in all layers.
  size_t bytes_per_token() const;

  static constexpr int64_t page_tokens = 64;

 private:
  std::vector<Place> layers_;
  std::vector<Group> groups_;
};

/// Owns all pages of all sequences. Not for several threads at once.
class PagePool {
 public:
  PagePool(const KvPlan& plan, Backend& backend);
  const KvPlan& plan() const { return plan_; }
  /// A page of the group: one given back, else a new one.
  std::byte* take(size_t group);
  void give_back(size_t group, std::byte* page);
  /// Bytes of all pages, in use or not.
  size_t bytes() const { return bytes_; }

 private:
  const KvPlan& plan_;
  Backend& backend_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<std::vector<std::byte*>> free_;  // per group
  size_t bytes_ = 0;
};

}  // namespace deskhand
