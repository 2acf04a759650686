#pragma once
// A language model's network: from token ids to logits.
//
//   const Family* family = find_family(config.architecture);
//   std::unique_ptr<Decoder> decoder = family->load({weights, config, backend, DType::f16, 512});
//   decoder->forward(batch, logits);
//
// One file in core/families/ is one family: it takes its tensors by name, allocates its matrices once and writes the
// layer's equations out. A build step gathers them (cmake/table.cmake).

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>

#include "core/batch.h"
#include "core/model_config.h"
#include "core/weights.h"
#include "kernels/backend.h"

namespace deskhand {

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Where the layers keep the past: batches and page pools are made for this plan.
  virtual const KvPlan& plan() const = 0;
  /// Feeds the rows: writes their keys and values, and logits [batch.logit_rows().size(), vocabulary]. Allocates
  /// nothing. False when the batch's stop came between two layers: then the rows were not fed.
  virtual bool forward(const Batch& batch, View logits) = 0;
  /// Makes the keys and values of a picture that layers attend to, of what its encoder made of it. False when `stop`
  /// came first: then they are not made. Throws ModelFileError for eyes of another model.
  virtual bool remember(const ImageFeatures& picture, PictureMemory& memory, const std::stop_token& stop);
};

/// What a family loads from. All of it must outlive the decoder.
struct LoadContext {
  Weights& weights;
  const ModelConfig& config;
  Backend& backend;
  DType kv_type = DType::f16;
  int64_t max_rows = 512;  ///< of a batch
  int64_t context = 0;     ///< tokens that the model is opened for: some rotary scalings depend on it
};

/// A tensor of a layer: "self_attn.q_proj.weight" → "attn_q.weight". A * stands for the number of an expert; the
/// tensors of all experts, one after the other, are one of ours.
struct TensorAlias {
  std::string_view theirs, ours;
};

/// Two lists of names as one.
template <size_t A, size_t B>
constexpr std::array<TensorAlias, A + B> joined(const TensorAlias (&first)[A], const TensorAlias (&second)[B]) {
  std::array<TensorAlias, A + B> out;
  std::copy(first, first + A, out.begin());
  std::copy(second, second + B, out.begin() + A);
  return out;
}

/// How Hugging Face checkpoints of a family are spelled.
struct HuggingFaceNames {
  std::span<const std::string_view> model_types;  ///< of config.json
  std::span<const TensorAlias> layer_tensors;
  std::span<const TensorAlias> global_tensors = {};  ///< besides the embedding, the last norm and the output
  std::string_view activation = "silu";              ///< what hidden_act must be
  bool norms_lack_one = false;                       ///< a norm stores w where the network multiplies by 1 + w
  std::string_view defaults = "{}";                  ///< config.json may leave these out
  std::string_view unused = {};                      ///< tensors whose names begin so are left out
};

struct Family {
  std::string_view architecture;  ///< general.architecture of the model file
  /// Throws ModelFileError for missing or misshapen tensors.
  std::unique_ptr<Decoder> (*load)(const LoadContext& context);
  HuggingFaceNames hugging_face = {};
};

/// All families, by file name.
std::span<const Family* const> families();

/// The family of an architecture; throws ModelFileError naming those that exist.
const Family& find_family(std::string_view architecture);

}  // namespace deskhand
