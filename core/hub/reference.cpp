#include "core/hub/reference.h"

#include <fmt/format.h>

#include <algorithm>

namespace deskhand {
namespace {

constexpr size_t longest_name = 96, longest_part = 255, longest_path = 1024;

bool is_word(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  // The hub refuses "--" and ".." too: the first separates the parts of a folder of the cache.
  return !text.empty() && text.size() <= longest_name && std::all_of(text.begin(), text.end(), fits) &&
         text.front() != '.' && text.front() != '-' && text.find("..") == std::string_view::npos &&
         text.find("--") == std::string_view::npos;
}

}  // namespace

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > longest_path) return false;
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return false;
  }
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == ".." || part.size() > longest_part) return false;
    start = end + 1;
  }
  return true;
}

bool is_commit(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 40 && std::all_of(text.begin(), text.end(), is_digit);
}

HubReference HubReference::parse(std::string_view text) {
  const auto fail = [&](std::string_view why) {
    throw HubReferenceError(
        fmt::format("'{}': {}; expected hf:org/name, hf:org/name:Q4_K_M or hf:org/name:file.gguf", text, why));
  };
  std::string_view rest = text;
  if (is_one(text)) rest.remove_prefix(3);
  HubReference out;
  if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
    out.part = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_safe_path(out.part)) fail("what follows the colon is no file's name");
  }
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    out.revision = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_safe_path(out.revision)) fail("what follows the @ is no revision");
  }
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !is_word(rest.substr(0, slash)) || !is_word(rest.substr(slash + 1))) {
    fail("the repository is not of the form org/name");
  }
  out.repository = rest;
  return out;
}

std::string HubReference::text() const {
  return fmt::format("hf:{}{}{}{}{}", repository, revision == "main" ? "" : "@", revision == "main" ? "" : revision,
                     part.empty() ? "" : ":", part);
}

}  // namespace deskhand
