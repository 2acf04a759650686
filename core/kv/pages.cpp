#include "core/kv/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/metadata.h"

namespace deskhand {

struct PageRef::Page {
  std::unique_ptr<Buffer> buffer;
  PagePool* pool = nullptr;
  size_t kind = 0;
  int64_t users = 0;
};

KvPlan::KvPlan(std::span<const LayerMemory> layers, DType type, const Backend& backend) {
  for (const LayerMemory& layer : layers) {
    if (layer.of_layer >= 0) {
      layers_.push_back(layers_[static_cast<size_t>(layer.of_layer)]);
      continue;
    }
    if (layer.state_bytes > 0) {
      layers_.push_back({.group = 0, .offset = state_bytes_, .layout = {}});
      state_bytes_ += whole_lines(layer.state_bytes);
      continue;
    }
    const auto block = static_cast<int64_t>(dtype_info(type).block_elements);
    if (layer.head_dim % block != 0) {
      throw ModelFileError(
          fmt::format("keys and values as {} need heads of a multiple of {} values, this model's have {}",
                      dtype_info(type).name, block, layer.head_dim));
    }
    KvLayout layout{.type = type, .kv_heads = layer.kv_heads, .head_dim = layer.head_dim, .page_tokens = page_tokens};
    if (layer.tiles > 0) {
      layout.page_tokens = layer.tile_rows;
      layers_.push_back({.group = 0, .offset = tile_bytes_, .layout = layout});
      tile_bytes_ += whole_lines(backend.kv_page_bytes(layout));
      tiles_ = layer.tiles;
      tile_rows_ = layer.tile_rows;
      continue;
    }
    size_t group = 0;
    while (group < groups_.size() && groups_[group].window != layer.window) ++group;
    if (group == groups_.size()) groups_.push_back({.window = layer.window, .page_bytes = 0});
    layers_.push_back({.group = group, .offset = groups_[group].page_bytes, .layout = layout});
    groups_[group].page_bytes += whole_lines(backend.kv_page_bytes(layout));
  }
}

size_t KvPlan::bytes_per_token() const {
  size_t sum = 0;
  for (const Group& group : groups_) sum += group.window == 0 ? group.page_bytes : 0;
  return sum / page_tokens;
}

double KvPlan::bytes(int64_t tokens, int64_t max_rows) const {
  double sum = static_cast<double>(state_bytes_) + static_cast<double>(picture_bytes());
  for (const Group& group : groups_) {
    int64_t pages = (tokens - 1) / page_tokens + 1;
    constexpr int64_t slack = 4;  // begun pages at both ends, one to go back into, one to come
    if (group.window > 0) pages = std::min(pages, (group.window + max_rows) / page_tokens + slack);
    sum += static_cast<double>(group.page_bytes) * static_cast<double>(pages);
  }
  return sum;
}

PageRef::PageRef(Page* page) : page_(page) {
  if (page_ != nullptr) ++page_->users;
}

PageRef::PageRef(const PageRef& other) : PageRef(other.page_) {}

PageRef::~PageRef() {
  if (page_ != nullptr && --page_->users == 0) page_->pool->free_[page_->kind].push_back(page_);
}

std::byte* PageRef::data() const {
  return page_ != nullptr ? page_->buffer->data() : nullptr;
}

bool PageRef::shared() const {
  return page_ != nullptr && page_->users > 1;
}

PagePool::PagePool(const KvPlan& plan, Backend& backend)
    : plan_(plan), backend_(backend), free_(plan.groups().size() + 2), count_(free_.size()) {}

PagePool::~PagePool() = default;

size_t PagePool::kind_bytes(size_t kind) const {
  const size_t groups = plan_.groups().size();
  if (kind < groups) return plan_.groups()[kind].page_bytes;
  return kind == groups ? plan_.state_bytes() : plan_.tile_bytes();
}

PageRef PagePool::take_kind(size_t kind) {
  if (free_[kind].empty()) {
    if (free_[kind].capacity() <= count_[kind])
      free_[kind].reserve(2 * count_[kind] + 8);  // giving back never allocates
    auto page = std::make_unique<PageRef::Page>();
    page->buffer = backend_.allocate(kind_bytes(kind));
    page->pool = this;
    page->kind = kind;
    ++count_[kind];
    bytes_ += kind_bytes(kind);
    free_[kind].push_back(page.get());
    pages_.push_back(std::move(page));
  }
  PageRef page(free_[kind].back());
  free_[kind].pop_back();
  return page;
}

PageRef PagePool::copy(size_t group, const PageRef& page) {
  PageRef out = take(group);
  std::memcpy(out.data(), page.data(), kind_bytes(group));
  return out;
}

}  // namespace deskhand
