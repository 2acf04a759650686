#include "core/kv/pages.h"

namespace deskhand {
namespace {

constexpr size_t alignment = 64;

size_t aligned(size_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

}  // namespace

KvPlan::KvPlan(std::span<const LayerMemory> layers, DType type, const Backend& backend) {
  for (const LayerMemory& layer : layers) {
    if (layer.state_bytes > 0) {
      layers_.push_back({.group = 0, .offset = state_bytes_, .layout = {}});
      state_bytes_ += aligned(layer.state_bytes);
      continue;
    }
    size_t group = 0;
    while (group < groups_.size() && groups_[group].window != layer.window) ++group;
    if (group == groups_.size()) groups_.push_back({.window = layer.window, .page_bytes = 0});
    const KvLayout layout{
        .type = type, .kv_heads = layer.kv_heads, .head_dim = layer.head_dim, .page_tokens = page_tokens};
    layers_.push_back({.group = group, .offset = groups_[group].page_bytes, .layout = layout});
    groups_[group].page_bytes += aligned(backend.kv_page_bytes(layout));
  }
}

size_t KvPlan::bytes_per_token() const {
  size_t sum = 0;
  for (const Group& group : groups_) sum += group.page_bytes;
  return sum / page_tokens;
}

PagePool::PagePool(const KvPlan& plan, Backend& backend)
    : plan_(plan), backend_(backend), free_(plan.groups().size() + 1), count_(free_.size()) {}

std::byte* PagePool::take_blob(size_t kind) {
  if (free_[kind].empty()) add_blob(kind);
  std::byte* blob = free_[kind].back();
  free_[kind].pop_back();
  return blob;
}

void PagePool::add_blob(size_t kind) {
  const size_t size = kind < plan_.groups().size() ? plan_.groups()[kind].page_bytes : plan_.state_bytes();
  free_[kind].reserve(++count_[kind]);  // so that giving back never allocates
  buffers_.push_back(backend_.allocate(size));
  bytes_ += size;
  free_[kind].push_back(buffers_.back()->data());
}

void PagePool::prepare(size_t group, size_t count) {
  while (free_[group].size() < count) add_blob(group);
}

}  // namespace deskhand
