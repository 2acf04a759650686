#pragma once
// What a fuzz target says when a promise is broken: the process ends, so that the input is kept.
//
//   expect(view.size() == bytes, "a tensor's bytes fit its shape");

#include <cstdio>
#include <cstdlib>

namespace deskhand::fuzz {

inline void expect(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

}  // namespace deskhand::fuzz
