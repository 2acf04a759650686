#pragma once
// Where the layers of a model keep the past, and the memory for it.
//
//   KvPlan plan(layers, DType::f16, backend);       // layers with the same window share a group
//   PagePool pool(plan, backend);
//   PageRef page = pool.take(group);                // 64 positions of all layers of the group
//   PageRef state = pool.take_state();              // one state of all recurrent layers
//   PageRef tile = pool.take_tile();                // one tile of a picture, for all layers that see pictures
//
// A page holds keys and values of attention layers; recurrent layers have a state of fixed size instead, and layers
// that attend to pictures have keys and values of the pictures' tiles. All are
// opaque blobs whose layout the backend owns; what nobody refers to any more is used again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "kernels/backend.h"

namespace deskhand {

/// What one layer keeps: keys and values of the past, a state, or keys and values of pictures.
struct LayerMemory {
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t window = 0;      ///< keys that a row sees, its own included; 0: all
  size_t state_bytes = 0;  ///< of a recurrent layer, which has no keys; 0: attention
  int64_t tiles = 0;       ///< of a picture, which the layer attends to in the place of the past; 0: to the past
  int64_t tile_rows = 0;   ///< keys of a tile
  int64_t of_layer = -1;   ///< the earlier layer whose memory it uses; −1: it has its own
};

class KvPlan {
 public:
  struct Place {
    size_t group = 0;
    size_t offset = 0;  ///< bytes of the layer's part inside a page of the group, or inside the state or a tile
    KvLayout layout;    ///< a tile is one page
  };
  struct Group {
    int64_t window = 0;
    size_t page_bytes = 0;
  };

  /// Throws ModelFileError when the heads do not fit the type's blocks.
  KvPlan(std::span<const LayerMemory> layers, DType type, const Backend& backend);
  const Place& layer(int64_t index) const { return layers_[static_cast<size_t>(index)]; }
  std::span<const Group> groups() const { return groups_; }
  /// Bytes that a sequence grows by with each position: those of layers without a window.
  size_t bytes_per_token() const;
  /// Bytes that a sequence of so many tokens, at least one, and one picture needs while batches of `max_rows` pass.
  double bytes(int64_t tokens, int64_t max_rows) const;
  /// Bytes of the recurrent layers' state; 0: the model has none.
  size_t state_bytes() const { return state_bytes_; }
  /// Tiles of every picture, and bytes that all layers together keep of one; 0: no layer attends to pictures.
  int64_t tiles() const { return tiles_; }
  int64_t tile_rows() const { return tile_rows_; }
  size_t tile_bytes() const { return tile_bytes_; }
  size_t picture_bytes() const { return static_cast<size_t>(tiles_) * tile_bytes_; }

  static constexpr int64_t page_tokens = 64;

 private:
  std::vector<Place> layers_;
  std::vector<Group> groups_;
  size_t state_bytes_ = 0, tile_bytes_ = 0;
  int64_t tiles_ = 0, tile_rows_ = 0;
};

class PagePool;

/// A share in a page, a state or a tile. Not for several threads at once.
class PageRef {
 public:
  PageRef() = default;
  PageRef(const PageRef& other);
  PageRef(PageRef&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
  PageRef& operator=(PageRef other) noexcept {
    std::swap(page_, other.page_);
    return *this;
  }
  ~PageRef();

  explicit operator bool() const { return page_ != nullptr; }
  std::byte* data() const;
  /// Whether there are other references to the same page.
  bool shared() const;

 private:
  friend class PagePool;
  struct Page;
  explicit PageRef(Page* page);

  Page* page_ = nullptr;
};

/// Owns all pages, states and tiles of all sequences, which must not outlive it.
class PagePool {
 public:
  PagePool(const KvPlan& plan, Backend& backend);
  ~PagePool();
  PagePool(const PagePool&) = delete;
  PagePool& operator=(const PagePool&) = delete;

  const KvPlan& plan() const { return plan_; }
  /// A page of the group that nobody else has: one that was given back, else a new one. What it holds is unspecified.
  PageRef take(size_t group) { return take_kind(group); }
  PageRef take_state() { return take_kind(plan_.groups().size()); }
  PageRef take_tile() { return take_kind(plan_.groups().size() + 1); }
  /// A page of the group with the same content.
  PageRef copy(size_t group, const PageRef& page);
  /// Bytes of all pages, states and tiles, in use or not.
  size_t bytes() const { return bytes_; }

 private:
  friend class PageRef;
  PageRef take_kind(size_t kind);
  size_t kind_bytes(size_t kind) const;

  const KvPlan& plan_;
  Backend& backend_;
  std::vector<std::unique_ptr<PageRef::Page>> pages_;
  std::vector<std::vector<PageRef::Page*>> free_;  // per group, then the states, then the tiles
  std::vector<size_t> count_;                      // pages of each kind
  size_t bytes_ = 0;
};

}  // namespace deskhand
