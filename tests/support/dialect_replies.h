#pragma once
// Replies in every dialect, with what they mean.
//
//   for (const DialectVector& vector : dialect_vectors(folder / "dialects/vectors.jsonl")) …

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/reply/points.h"

namespace deskhand::testing {

struct DialectVector {
  std::string dialect, reply, note;
  ViewSizes sizes;
  nlohmann::json actions;  ///< null where a fault is expected
  std::string fault;
};

std::vector<DialectVector> dialect_vectors(const std::filesystem::path& file);

}  // namespace deskhand::testing
