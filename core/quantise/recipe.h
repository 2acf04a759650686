#pragma once
// Which tensor becomes which type.
//
//   const Recipe* recipe = find_recipe("Q4_K_M");                  // null: no such name
//   std::vector<DType> types = planned_types(*file, *recipe);      // one per tensor, in the order of the file
//
// The layers are mixed as llama.cpp mixes them, so that a file of a name is what people know by that name: Q4_K_M keeps
// the output (or a tied embedding) and half of attn_v and ffn_down in Q6_K. Rows that are no multiple of a format's
// block take the next format of 32: Q4_K → Q5_0, Q5_K → Q5_1, Q6_K → Q8_0, else F16. Norms, biases, gates of experts
// and everything with one dimension keep their type.

#include <span>
#include <string_view>
#include <vector>

#include "core/model_file.h"

namespace deskhand {

struct Recipe {
  std::string_view name;
  DType type;          ///< of most matrices
  uint32_t file_type;  ///< general.file_type
  bool mixed;          ///< whether some layers get more
};

std::span<const Recipe> recipes();
/// Upper or lower case.
const Recipe* find_recipe(std::string_view name);
bool is_quantised(DType type);

/// Throws ModelFileError when a tensor that would change is of a type that nothing reads, or is already quantised and
/// the recipe quantises too: that would lose twice.
std::vector<DType> planned_types(const ModelFile& file, const Recipe& recipe);

}  // namespace deskhand
