#pragma once
// The tensors of a Hugging Face checkpoint under the names and with the values that GGUF gives them.
//
//   CanonicalTensors tensors(Safetensors::open_directory(directory), facts, "Qwen2.5-0.5B");
//   for (const TensorInfo& tensor : tensors.list()) …                            // "blk.0.attn_q.weight"
//
// A tensor that no name is known for keeps its own, so that Weights::expect_all_taken names it. Left out are the vision
// encoder of a model that sees, rotary tables that old files carry, an output head that the config says is tied, and
// what the family calls unused. Experts that are stored one by one are joined.

#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/hugging_face/config.h"
#include "core/safetensors.h"

namespace deskhand {

class CanonicalTensors {
 public:
  CanonicalTensors(Safetensors file, const ConfigFacts& facts, const std::string& what);
  std::span<const TensorInfo> list() const { return tensors_; }

 private:
  void add(const TensorInfo& stored, std::string name, const ConfigFacts& facts);
  void add_floats(const std::string& name, std::vector<float> values, int64_t rows = 1);
  /// One tensor of what all experts of a layer store, by the expert's number.
  void join(const std::string& name, const std::map<int64_t, const TensorInfo*>& parts);

  Safetensors file_;
  std::vector<TensorInfo> tensors_;
  std::deque<std::string> names_;
  std::deque<std::vector<float>> floats_;  ///< copies of norms and biases, and of tensors that lie unaligned
};

/// The tensor's bytes, aligned as kernels want them: in the file, or copied.
const std::byte* aligned_data(const TensorInfo& stored, std::deque<std::vector<float>>& copies);

/// "model.layers.3.self_attn.q_proj.weight" → "blk.3.attn_q.weight"; empty for a tensor that is left out.
std::string canonical_name(std::string_view stored, const ConfigFacts& facts);

}  // namespace deskhand
