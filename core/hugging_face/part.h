#pragma once
// A part of a Hugging Face checkpoint, such as its vision encoder, as a ModelFile of its own.
//
//   auto eyes = open_part("Qwen3-VL-2B", {.prefixes = prefixes, .tensors = tensors}, std::move(metadata));
//   eyes->find_tensor("v.blk.0.ln1.weight");        // "model.visual.blocks.0.norm1.weight" of the directory
//
// A tensor whose name begins with one of the prefixes belongs to the part. Its name is what follows, in the words of
// `tensors`, where a * stands for the same number on both sides; one that no alias is known for keeps its own name, so
// that Weights::expect_all_taken names it. Errors: ModelFileError.

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "core/decoder.h"
#include "core/metadata_store.h"
#include "core/model_file.h"

namespace deskhand {

struct PartNames {
  std::span<const std::string_view> prefixes;  ///< the longer before the shorter
  std::span<const TensorAlias> tensors;
};

std::shared_ptr<const ModelFile> open_part(const std::filesystem::path& directory, const PartNames& names,
                                           MetadataStore metadata);

/// "blocks.3.norm1.weight" with {"blocks.*.norm1.weight", "v.blk.*.ln1.weight"} is "v.blk.3.ln1.weight"; empty when no
/// alias is known.
std::string renamed(std::string_view name, std::span<const TensorAlias> aliases);

}  // namespace deskhand
