#pragma once
// What layers with cross-attention keep of pictures: keys and values of each, made once however many sequences see it.
//
//   PictureStore pictures(pool, 1 << 30);
//   VisualMemory memory = pictures.look(images);        // of one sequence
//   memory.row(12);                                     // what position 12 sees
//
// A position sees the last picture before it, and those that stand side by side with that one; one before the first
// picture sees all tiles of all pictures, empty ones too. So the model was trained. Source: transformers 5.23,
// models/mllama. What only the store holds is kept within a budget. Not for several threads at once.

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/kv/pages.h"
#include "core/prompt_images.h"

namespace deskhand {

/// Keys and values of one picture.
struct PictureMemory {
  int32_t id = 0;                  ///< of its first row
  std::vector<PageRef> tiles;      ///< each holds all layers that see pictures
  std::vector<std::byte*> pages;   ///< of the tiles
  std::atomic<bool> made = false;  ///< the keys and values are there
};

/// The pictures that a sequence sees.
class VisualMemory {
 public:
  struct Sight {
    int64_t position = 0;  ///< of its token
    int64_t first = 0;     ///< shown tiles before its own
    int64_t shown = 0;     ///< tiles
    std::shared_ptr<PromptImage> image;
    std::shared_ptr<PictureMemory> memory;
  };

  bool empty() const { return sights_.empty(); }
  std::span<const Sight> sights() const { return sights_; }
  /// Whether a picture stands at the position or before it.
  bool sees(int64_t position) const { return !empty() && position >= sights_.front().position; }
  /// The keys that a position sees: pages are tiles. There must be a picture.
  AttentionRow row(int64_t position) const;

 private:
  friend class PictureStore;

  int64_t tile_rows_ = 0;
  std::vector<Sight> sights_;
  std::vector<std::byte*> all_, shown_;  // tiles in order
};

class PictureStore {
 public:
  /// `budget`: bytes of pictures that no sequence sees at the moment.
  PictureStore(PagePool& pool, size_t budget) : pool_(pool), budget_(budget) {}

  /// The pictures that are attended to. Throws ModelFileError when the model has no layers for that.
  VisualMemory look(const PromptImages& images);
  /// By what the first id of a sequence is known: rows before the first picture depend on all pictures, and so does
  /// what follows them. Throws std::length_error when all numbers are given away.
  int32_t first_key(const VisualMemory& memory, int32_t id);
  /// Gives up what is over the budget.
  void trim();
  size_t idle_bytes() const;

 private:
  std::shared_ptr<PictureMemory> find(int32_t id);

  PagePool& pool_;
  size_t budget_;
  std::list<std::shared_ptr<PictureMemory>> pictures_;  // least recently seen first
  std::map<std::vector<int32_t>, int32_t> keys_;        // by first id and pictures; below those of ImageIds
};

}  // namespace deskhand
