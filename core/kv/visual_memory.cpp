#include "core/kv/visual_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "core/metadata.h"
#include "kernels/check.h"

namespace deskhand {

AttentionRow VisualMemory::row(int64_t position) const {
  CHECK(!empty(), "position {}", position);
  if (!sees(position)) return {.pages = all_.data(), .end = static_cast<int64_t>(all_.size()) * tile_rows_};
  const auto behind = std::upper_bound(sights_.begin(), sights_.end(), position,
                                       [](int64_t p, const Sight& sight) { return p < sight.position; });
  const Sight& last = *std::prev(behind);
  auto first = std::prev(behind);
  while (first != sights_.begin() && std::prev(first)->position + 1 == first->position) --first;
  return {.pages = shown_.data() + first->first, .end = (last.first + last.shown - first->first) * tile_rows_};
}

std::shared_ptr<PictureMemory> PictureStore::find(int32_t id) {
  const auto known = std::find_if(pictures_.begin(), pictures_.end(), [id](const auto& p) { return p->id == id; });
  if (known != pictures_.end()) {
    pictures_.splice(pictures_.end(), pictures_, known);
    return pictures_.back();
  }
  const auto fresh = std::make_shared<PictureMemory>();
  fresh->id = id;
  for (int64_t tile = 0; tile < pool_.plan().tiles(); ++tile) {
    fresh->pages.push_back(fresh->tiles.emplace_back(pool_.take_tile()).data());
  }
  pictures_.push_back(fresh);
  return fresh;
}

VisualMemory PictureStore::look(const PromptImages& images) {
  VisualMemory memory;
  for (const ImageSpan& span : images.spans()) {
    if (!span.is_attended()) continue;
    const int64_t tiles = pool_.plan().tiles();
    if (tiles < span.shown_tiles || span.shown_tiles < 1) {
      throw ModelFileError(
          fmt::format("the eyes show {} tiles of a picture to a language model that sees {}: they are "
                      "of another model",
                      span.shown_tiles, tiles));
    }
    const auto first = static_cast<int64_t>(memory.shown_.size());
    memory.sights_.push_back({.position = span.begin,
                              .first = first,
                              .shown = span.shown_tiles,
                              .image = span.image,
                              .memory = find(span.image->first_id())});
    const std::vector<std::byte*>& pages = memory.sights_.back().memory->pages;
    memory.all_.insert(memory.all_.end(), pages.begin(), pages.end());
    memory.shown_.insert(memory.shown_.end(), pages.begin(), pages.begin() + span.shown_tiles);
  }
  memory.tile_rows_ = pool_.plan().tile_rows();
  return memory;
}

int32_t PictureStore::first_key(const VisualMemory& memory, int32_t id) {
  if (memory.empty() || memory.sees(0)) return id;
  std::vector<int32_t> known{id};
  for (const VisualMemory::Sight& sight : memory.sights()) known.push_back(sight.memory->id);
  const auto [entry, is_new] = keys_.emplace(std::move(known), 0);
  if (!is_new) return entry->second;
  const int64_t key = std::numeric_limits<int32_t>::min() + static_cast<int64_t>(keys_.size()) - 1;
  if (key >= ImageIds::least) {
    keys_.erase(entry);
    throw std::length_error("no numbers are left for prompts with pictures");
  }
  return entry->second = static_cast<int32_t>(key);
}

size_t PictureStore::idle_bytes() const {
  const auto idle = std::count_if(pictures_.begin(), pictures_.end(), [](const auto& p) { return p.use_count() == 1; });
  return static_cast<size_t>(idle) * pool_.plan().picture_bytes();
}

void PictureStore::trim() {
  for (auto picture = pictures_.begin(); picture != pictures_.end() && idle_bytes() > budget_;) {
    picture = picture->use_count() == 1 ? pictures_.erase(picture) : std::next(picture);
  }
}

}  // namespace deskhand
