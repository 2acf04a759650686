#include "core/tokenizer/compose.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

#include "core/tokenizer/utf8.h"

namespace deskhand {
namespace {

/// Long runs of combining marks in canonical order: utf8proc orders marks one swap at a time, which is quadratic.
std::string with_sorted_marks(std::string_view text) {
  constexpr size_t long_run = 64;
  struct Mark {
    int combining_class;
    std::string_view text;
  };
  std::string out;
  std::vector<Mark> run;
  const auto flush = [&] {
    if (run.size() > long_run) {
      std::stable_sort(run.begin(), run.end(),
                       [](const Mark& a, const Mark& b) { return a.combining_class < b.combining_class; });
    }
    for (const Mark& mark : run) out += mark.text;
    run.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = next_utf8(text, at);
    const int combining = utf8proc_get_property(static_cast<utf8proc_int32_t>(c.code))->combining_class;
    const std::string_view character = text.substr(at, c.length);
    if (combining != 0) {
      run.push_back({combining, character});
    } else {
      flush();
      out += character;
    }
    at += c.length;
  }
  flush();
  return out;
}

}  // namespace

bool compose(std::string_view text, std::string& composed) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return false;
  const std::string sorted = with_sorted_marks(text);
  utf8proc_uint8_t* result = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(sorted.data()),
                                             static_cast<utf8proc_ssize_t>(sorted.size()), &result,
                                             static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  if (size < 0) throw std::runtime_error(fmt::format("composing text: {}", utf8proc_errmsg(size)));
  composed.assign(reinterpret_cast<const char*>(result), static_cast<size_t>(size));
  return true;
}

}  // namespace deskhand
