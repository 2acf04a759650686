#pragma once
// Which model it is, by the name and the architecture that its file says.
//
//   is_named(info, {"uitars", "1.5"})        // "UI-TARS-1.5-7B", "ui_tars 1.5"
//
// Letter case, spaces, "-", "_" and "/" mean nothing.

#include <initializer_list>
#include <string_view>

#include "core/model_summary.h"

namespace deskhand {

/// All of these occur in the name.
bool is_named(const ModelInfo& info, std::initializer_list<std::string_view> parts);

/// How well a dialect fits: what a family does unless the name says more, the name, a variant of the name.
inline constexpr int fits_family = 10, fits_name = 20, fits_variant = 30;

}  // namespace deskhand
