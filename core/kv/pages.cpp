#include "core/kv/pages.h"

namespace deskhand {

KvPlan::KvPlan(std::span<const LayerMemory> layers, DType type, const Backend& backend) {
  for (const LayerMemory& layer : layers) {
    size_t group = 0;
    while (group < groups_.size() && groups_[group].window != layer.window) ++group;
    if (group == groups_.size()) groups_.push_back({.window = layer.window, .page_bytes = 0});
    const KvLayout layout{
        .type = type, .kv_heads = layer.kv_heads, .head_dim = layer.head_dim, .page_tokens = page_tokens};
    layers_.push_back({.group = group, .offset = groups_[group].page_bytes, .layout = layout});
    constexpr size_t alignment = 64;
    groups_[group].page_bytes += (backend.kv_page_bytes(layout) + alignment - 1) / alignment * alignment;
  }
}

size_t KvPlan::bytes_per_token() const {
  size_t sum = 0;
  for (const Group& group : groups_) sum += group.page_bytes;
  return sum / page_tokens;
}

PagePool::PagePool(const KvPlan& plan, Backend& backend)
    : plan_(plan), backend_(backend), free_(plan.groups().size()) {}

std::byte* PagePool::take(size_t group) {
  if (!free_[group].empty()) {
    std::byte* page = free_[group].back();
    free_[group].pop_back();
    return page;
  }
  const size_t size = plan_.groups()[group].page_bytes;
  buffers_.push_back(backend_.allocate(size));
  bytes_ += size;
  return buffers_.back()->data();
}

void PagePool::give_back(size_t group, std::byte* page) {
  free_[group].push_back(page);
}

}  // namespace deskhand
