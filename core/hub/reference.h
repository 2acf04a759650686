#pragma once
// "hf:org/name[@revision][:file or quant]": a model of a Hugging Face hub, by name.
//
//   const HubReference r = HubReference::parse("hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M");
//   r.repository                      // "Qwen/Qwen2.5-0.5B-Instruct-GGUF"
//   r.part                            // "Q4_K_M"

#include <stdexcept>
#include <string>
#include <string_view>

namespace deskhand {

/// What the hub, its answer or the cache did not have; one line that says what to do.
class HubError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A reference that is not written as one.
class HubReferenceError : public HubError {
  using HubError::HubError;
};

struct HubReference {
  std::string repository;         ///< "org/name"
  std::string revision = "main";  ///< a branch, a tag or a commit
  std::string part = {};          ///< a file's name or a quant; empty: the usual choice

  static bool is_one(std::string_view text) { return text.starts_with("hf:"); }
  static HubReference parse(std::string_view text);
  /// As it is written.
  std::string text() const;
};

/// A path inside a repository that can lead nowhere else: relative, without "..", empty parts or control characters.
bool is_safe_path(std::string_view path);
/// 40 lower-case hexadecimal digits.
bool is_commit(std::string_view text);

}  // namespace deskhand
