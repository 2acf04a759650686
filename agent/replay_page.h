#pragma once
// A trace as one HTML page that needs nothing else: pictures inside, no script from elsewhere, everything escaped.
//
//   std::string html = replay_page("traces/2026-11-24");

#include <filesystem>
#include <string>
#include <string_view>

namespace deskhand {

/// Throws TraceError when there is no trace. A broken chain is shown on the page, in red.
std::string replay_page(const std::filesystem::path& trace);
/// For text between tags and in quoted attributes.
std::string escape_html(std::string_view text);

}  // namespace deskhand
