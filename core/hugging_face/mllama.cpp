#include "core/hugging_face/mllama.h"

namespace deskhand {
namespace {

/// A number that has a default in transformers.
int64_t within(const JsonFields& fields, const char* key, int64_t usual, int64_t most) {
  const int64_t number = fields.integer_if(key).value_or(usual);
  if (number < 1 || number > most) fields.fail(fmt::format("'{}' must lie in 1…{}, not {}", key, most, number));
  return number;
}

/// 1 for a layer that attends to pictures.
std::vector<int64_t> cross_layers(const JsonFields& text) {
  constexpr int64_t most_layers = 4096;
  const int64_t layers = within(text, "num_hidden_layers", 1, most_layers);
  const nlohmann::json* list = text.find("cross_attention_layers");
  if (list == nullptr || !list->is_array() || list->empty()) {
    text.fail("'cross_attention_layers' must be a list of layers");
  }
  std::vector<int64_t> flags(static_cast<size_t>(layers), 0);
  for (const auto& entry : *list) {
    const int64_t layer = entry.is_number_integer() ? entry.get<int64_t>() : -1;
    if (layer < 0 || layer >= layers) {
      text.fail(fmt::format("'cross_attention_layers' must hold numbers in 0…{}", layers - 1));
    }
    flags[static_cast<size_t>(layer)] = 1;
  }
  return flags;
}

}  // namespace

void write_mllama(const JsonFields& root, const JsonFields& text, KeyWriter& writer) {
  constexpr int64_t most_side = 4096, most_tiles = 16, extra_embeddings = 8;
  const auto eyes = root.object("vision_config");
  if (!eyes) root.fail("'vision_config' is missing: what the layers attend to is unknown");
  const int64_t side = within(*eyes, "image_size", 448, most_side), patch = within(*eyes, "patch_size", 14, side);
  const int64_t patches = side / patch * (side / patch);
  writer.set_integers("attention.cross_layers", cross_layers(text));
  writer.set("vision.tiles", within(*eyes, "max_num_tiles", 4, most_tiles));
  writer.set("vision.tile_rows", patches + 1);  // and the class row
  writer.set("extra_embeddings", extra_embeddings);
}

}  // namespace deskhand
