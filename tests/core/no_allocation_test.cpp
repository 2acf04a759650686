// Decoding allocates nothing: a replaced malloc counts.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "core/session.h"
#include "core/token_state.h"
#include "tests/support/test_data.h"

namespace {
std::atomic<long> allocations{0};
}

#if !defined(__SANITIZE_ADDRESS__)
// glibc's own names of what is replaced; libstdc++'s operator new calls malloc.
extern "C" {
void* __libc_malloc(size_t size);                      // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(size_t count, size_t size);        // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* old, size_t size);          // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(size_t alignment, size_t size);  // NOLINT(bugprone-reserved-identifier)

void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  ++allocations;
  return __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}
#else
// Not inline: g++ would see malloc'ed memory meet another delete.
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
#endif

namespace deskhand {
namespace {

TEST(NoAllocation, InTheDecodeLoop) {
  REQUIRE_TEST_DATA(folder, "stories260k");
  const auto file = ModelFile::open(folder / "stories260K-f32.gguf");
  const auto backend = make_cpu_backend({.threads = 2, .isa = {}});
  const auto tokenizer = Tokenizer::from_metadata(file->metadata());
  LanguageModel model(file, *backend, {});
  ForwardQueue queue(model, *backend, 128);
  const auto session = make_session(queue, *tokenizer);
  for (const Sampling& sampling :
       {Sampling{},
        Sampling{.temperature = 0.8f, .top_k = 40, .top_p = 0.9f, .min_p = 0.05f, .repeat_penalty = 1.1f}}) {
    session->set_prompt(std::vector<int32_t>{tokenizer->bos()});
    std::vector<long> counts;  // allocations before each piece of text
    counts.reserve(1000);
    // 200 tokens: several pages of keys and values are entered on the way.
    const Generation g = session->generate({.max_tokens = 200, .sampling = sampling, .ignore_end = true}, nullptr,
                                           [&](std::string_view) { counts.push_back(allocations); }, {});
    ASSERT_EQ(g.ids.size(), 200u);
    ASSERT_GT(counts.size(), 150u);
    EXPECT_EQ(counts.back() - counts.front(), 0);
  }
}

TEST(NoAllocation, InForwardPassesOfEveryKindOfLayer) {
  for (const char* name : {"tiny_gemma3.gguf", "tiny_qwen35.gguf", "tiny_qwen35moe.gguf", "tiny_llama_switches.gguf"}) {
    const auto backend = make_cpu_backend({.threads = 2, .isa = {}});
    LanguageModel model(ModelFile::open(std::filesystem::path("tests/core/fixtures") / name), *backend,
                        {.max_rows = 64});
    ForwardQueue queue(model, *backend, 64);
    TokenState state(queue);
    const std::vector<int32_t> prompt(30, 5);
    state.set(prompt);
    state.reserve(125);
    state.logits();
    const long before = allocations;
    for (int32_t id = 3; id < 90; ++id) {
      state.push(id % 60);
      state.logits();
    }
    EXPECT_EQ(allocations - before, 0) << name;
  }
}

TEST(AllocationCounter, Counts) {
  const long before = allocations;
  const auto value = std::make_unique<std::vector<int>>(100);
  EXPECT_GE(allocations - before, 2) << value->size();
}

}  // namespace
}  // namespace deskhand
