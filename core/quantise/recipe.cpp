#include "core/quantise/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <numeric>

#include "kernels/formats/format.h"

namespace deskhand {
namespace {

constexpr std::array<Recipe, 6> table = {{{"F32", DType::f32, 0, false},
                                          {"F16", DType::f16, 1, false},
                                          {"BF16", DType::bf16, 32, false},
                                          {"Q8_0", DType::q8_0, 7, false},
                                          {"Q4_0", DType::q4_0, 2, false},
                                          {"Q4_K_M", DType::q4_k, 15, true}}};

/// Matrices that stay as they are, by parts of their names.
constexpr std::array<std::string_view, 8> kept = {
    "_norm.weight", "ffn_gate_inp.weight",  "ssm_conv1d", "shortconv.conv.weight",
    "altup",        "per_layer_model_proj", "laurel",     "ffn_gate_tid2eid.weight"};
constexpr std::array<std::string_view, 2> kept_names = {"position_embd.weight", "token_types.weight"};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool changes(const TensorInfo& tensor) {
  const bool is_matrix = tensor.shape[1] > 1 || tensor.shape[2] > 1 || tensor.shape[3] > 1;
  return is_matrix && tensor.name.ends_with("weight") &&
         std::none_of(kept.begin(), kept.end(), [&](auto part) { return contains(tensor.name, part); }) &&
         std::find(kept_names.begin(), kept_names.end(), tensor.name) == kept_names.end();
}

/// "blk.12.attn_v.weight" → 12; −1 outside the layers.
int64_t layer_of(std::string_view name) {
  int64_t layer = -1;
  if (name.starts_with("blk.")) std::from_chars(name.data() + 4, name.data() + name.size(), layer);
  return layer;
}

bool is_values(std::string_view name) {
  return contains(name, "attn_v.weight") || contains(name, "attn_qkv.weight") || contains(name, "attn_kv_b.weight");
}

/// The first and last eighth of the layers, and every third between.
bool is_sensitive(int64_t layer, int64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

/// The layers of a model as far as the mix asks for them.
struct Shape {
  std::string_view architecture;
  int64_t layers, experts, heads, kv_heads;
  int64_t values = 0;  ///< matrices of attention's values
  bool tied = true;

  explicit Shape(const ModelFile& file) {
    const Metadata& metadata = file.metadata();
    architecture = metadata.text("general.architecture");
    const auto number = [&](std::string_view key, int64_t fallback) {
      const std::string name = fmt::format("{}.{}", architecture, key);
      const MetadataValue* value = metadata.find(name);
      // Some families have a list here, one number per layer: of no importance for the mix.
      if (value == nullptr || std::holds_alternative<MetadataArray>(*value)) return fallback;
      return metadata.integer(name);
    };
    layers = number("block_count", 0);
    experts = number("expert_count", 0);
    heads = number("attention.head_count", 1);
    kv_heads = number("attention.head_count_kv", heads);
    for (const TensorInfo& tensor : file.tensors()) {
      values += is_values(tensor.name);
      tied = tied && tensor.name != "output.weight";
    }
  }
};

/// Goes through the tensors layer by layer.
class Mix {
 public:
  Mix(const Shape& shape, const Recipe& recipe) : shape_(shape), recipe_(recipe) {}

  DType type_of(const TensorInfo& tensor) {
    if (!is_quantised(recipe_.type)) return recipe_.type;
    return fallback(wanted(tensor), tensor.shape[0]);
  }

 private:
  DType wanted(const TensorInfo& tensor) {
    const std::string_view name = tensor.name;
    const bool is_embedding = name == "token_embd.weight" || name == "per_layer_token_embd.weight";
    if (name == "output.weight" || (shape_.tied && is_embedding)) return output_type(tensor);
    if (!recipe_.mixed) {
      if (shape_.experts == 8 && (is_values(name) || contains(name, "attn_k.weight"))) return DType::q8_0;
      return recipe_.type;
    }
    if (is_values(name)) return values_type();
    if (contains(name, "attn_k.weight") && shape_.experts == 8) return DType::q8_0;
    if (contains(name, "attn_output.weight") && shape_.experts == 8) return DType::q5_k;
    if (contains(name, "ffn_down")) {
      const int64_t place = shape_.experts > 1 ? layer_of(name) : downs_;
      ++downs_;
      if (is_sensitive(place, shape_.layers)) return DType::q6_k;
    }
    return recipe_.type;
  }

  DType output_type(const TensorInfo& tensor) const {
    const bool fits = tensor.shape[0] % dtype_info(recipe_.type).block_elements == 0;
    return fits && recipe_.type != DType::q8_0 ? DType::q6_k : DType::q8_0;
  }

  DType values_type() {
    DType type = is_sensitive(values_++, shape_.values) ? DType::q6_k : recipe_.type;
    // Eight heads share these in the 70 B models: they are small and matter much.
    const bool is_large = shape_.layers == 80 && shape_.kv_heads < shape_.heads;
    if (is_large && type == DType::q4_k) type = DType::q5_k;
    return shape_.experts == 8 ? DType::q8_0 : type;
  }

  static DType fallback(DType type, int64_t cols) {
    const auto fits = [&](DType one) { return cols % dtype_info(one).block_elements == 0; };
    if (fits(type)) return type;
    const DType next = type == DType::q4_k   ? DType::q5_0
                       : type == DType::q5_k ? DType::q5_1
                       : type == DType::q6_k ? DType::q8_0
                                             : type;
    return fits(next) ? next : DType::f16;
  }

  const Shape& shape_;
  const Recipe& recipe_;
  int64_t values_ = 0, downs_ = 0;  // matrices of that kind so far
};

void expect_readable(const ModelFile& file, const TensorInfo& tensor, const Recipe& recipe) {
  const auto fail = [&](const std::string& why) {
    throw ModelFileError(fmt::format("{}: tensor '{}' is {}: {}", file.path().string(), one_line(tensor.name),
                                     dtype_info(tensor.type).name, why));
  };
  if (find_format(tensor.type) == nullptr) fail("that type is not read here");
  if (is_quantised(tensor.type) && is_quantised(recipe.type)) {
    fail(fmt::format("expected F32, F16 or BF16: to make {} of a quantised file would lose twice", recipe.name));
  }
}

}  // namespace

std::span<const Recipe> recipes() {
  return table;
}

const Recipe* find_recipe(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto found = std::find_if(table.begin(), table.end(), [&](const Recipe& one) { return one.name == upper; });
  return found == table.end() ? nullptr : &*found;
}

bool is_quantised(DType type) {
  return dtype_info(type).block_elements > 1;
}

std::vector<DType> planned_types(const ModelFile& file, const Recipe& recipe) {
  const std::span<const TensorInfo> tensors = file.tensors();
  const Shape shape(file);
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return layer_of(tensors[a].name) < layer_of(tensors[b].name); });
  Mix mix(shape, recipe);
  std::vector<DType> types(tensors.size());
  for (const size_t i : order) {
    types[i] = changes(tensors[i]) ? mix.type_of(tensors[i]) : tensors[i].type;
    if (types[i] != tensors[i].type) expect_readable(file, tensors[i], recipe);
  }
  return types;
}

}  // namespace deskhand
