#pragma once
// Where the layers of a model keep the past, and the memory for it.
//
//   KvPlan plan(layers, DType::f16, backend);       // layers with the same window share a group
//   PagePool pool(plan, backend);
//   std::byte* page = pool.take(group);             // 64 positions of all layers of the group
//   std::byte* state = pool.take_state();           // one recurrent state of all recurrent layers
//
// A page holds keys and values of attention layers; recurrent layers have a state of fixed size instead. Both are
// opaque blobs whose layout the backend owns. What is given back is used again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"

namespace deskhand {

/// What one layer keeps of the past: keys and values, or a state.
struct LayerMemory {
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t window = 0;      ///< keys that a row sees, its own included; 0: all
  size_t state_bytes = 0;  ///< of a recurrent layer, which has no keys; 0: attention
};

class KvPlan {
 public:
  struct Place {
    size_t group = 0;
    size_t offset = 0;  ///< bytes of the layer's part inside a page of the group, or inside the state
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
  /// Bytes of the recurrent layers' state; 0: the model has none.
  size_t state_bytes() const { return state_bytes_; }

  static constexpr int64_t page_tokens = 64;

 private:
  std::vector<Place> layers_;
  std::vector<Group> groups_;
  size_t state_bytes_ = 0;
};

/// Owns all pages and states of all sequences. Not for several threads at once.
class PagePool {
 public:
  PagePool(const KvPlan& plan, Backend& backend);
  const KvPlan& plan() const { return plan_; }
  /// A page of the group: one given back, else a new one.
  std::byte* take(size_t group) { return take_blob(group); }
  void give_back(size_t group, std::byte* page) { free_[group].push_back(page); }
  std::byte* take_state() { return take_blob(plan_.groups().size()); }
  void give_back_state(std::byte* state) { free_.back().push_back(state); }
  /// Makes sure that `count` pages of the group can be taken without an allocation.
  void prepare(size_t group, size_t count);
  /// Bytes of all pages and states, in use or not.
  size_t bytes() const { return bytes_; }

 private:
  std::byte* take_blob(size_t kind);
  void add_blob(size_t kind);

  const KvPlan& plan_;
  Backend& backend_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<std::vector<std::byte*>> free_;  // per group, then the states
  std::vector<size_t> count_;                  // blobs of each kind
  size_t bytes_ = 0;
};

}  // namespace deskhand
