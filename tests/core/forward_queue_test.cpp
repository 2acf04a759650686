// Several conversations at once give each the replies that it gets alone, in fewer batches.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "core/token_state.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

constexpr int32_t most_ids = 512;

std::vector<int32_t> prompt_of(int number, size_t length) {
  std::vector<int32_t> out(length);
  for (size_t i = 0; i < length; ++i) {
    out[i] = static_cast<int32_t>((i * 31 + static_cast<size_t>(number) * 97 + 5) % most_ids);
  }
  return out;
}

std::vector<int32_t> reply_to(ForwardQueue& queue, std::span<const int32_t> prompt, int tokens) {
  TokenState state(queue);
  state.set(prompt);
  const ForwardQueue::Turn turn(queue);
  std::vector<int32_t> out;
  for (int i = 0; i < tokens; ++i) {
    const auto logits = state.logits();
    out.push_back(static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    state.push(out.back());
  }
  return out;
}

class ForwardQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_TEST_DATA(folder, "stories260k");
    backend_ = make_reference_backend();
    model_ = std::make_unique<LanguageModel>(
        ModelFile::open(folder / "stories260K-f32.gguf"), *backend_,
        LanguageModelOptions{.context = 400, .kv_type = DType::f32, .cache_bytes = 0, .max_rows = 64});
  }
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<LanguageModel> model_;
};

// Whoever is woken while the batch with its last token is still being finished must not leave before that.
TEST_F(ForwardQueueTest, WakingOthersAllTheTimeChangesNothing) {
  ForwardQueue queue(*model_, *backend_, 64);
  const std::vector<int32_t> expected = reply_to(queue, prompt_of(0, 3), 150);
  std::jthread waker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) const ForwardQueue::Turn wakes_all(queue);
  });
  std::vector<std::vector<int32_t>> replies(4);
  {
    std::vector<std::jthread> threads;
    for (auto& reply : replies) threads.emplace_back([&] { reply = reply_to(queue, prompt_of(0, 3), 150); });
  }
  for (const auto& reply : replies) EXPECT_EQ(reply, expected);
}

TEST_F(ForwardQueueTest, ConversationsAtOnceReplyAsTheyDoAlone) {
  constexpr int count = 5, tokens = 40;
  std::vector<std::vector<int32_t>> alone(count), together(count);
  ForwardQueue one(*model_, *backend_, 64);
  for (int i = 0; i < count; ++i) alone[i] = reply_to(one, prompt_of(i, 20 + 37 * static_cast<size_t>(i)), tokens);
  ForwardQueue all(*model_, *backend_, 64);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back(
          [&, i] { together[i] = reply_to(all, prompt_of(i, 20 + 37 * static_cast<size_t>(i)), tokens); });
    }
  }
  EXPECT_EQ(together, alone);
  EXPECT_LT(all.batches(), one.batches() * 2 / 3);
}

TEST_F(ForwardQueueTest, AReplyGoesOnBesideALongPrompt) {
  ForwardQueue queue(*model_, *backend_, 16);
  const auto long_prompt = prompt_of(7, 320);
  TokenState reading(queue);
  std::jthread reader([&] { reading.set(long_prompt); });
  while (queue.batches() == 0) std::this_thread::yield();
  const int64_t before = queue.batches();
  reply_to(queue, prompt_of(1, 2), 5);
  // One batch per token, while the prompt takes the rest of each.
  EXPECT_LE(queue.batches() - before, 10);
  reader.join();
  EXPECT_EQ(reading.fed(), 320);
}

TEST_F(ForwardQueueTest, OneWhoStopsDoesNotStopTheOthers) {
  ForwardQueue queue(*model_, *backend_, 16);
  const auto expected = reply_to(queue, prompt_of(2, 30), 30);
  std::stop_source source;
  TokenState stopped(queue);
  std::jthread reader([&] { stopped.set(prompt_of(3, 390), {}, source.get_token()); });
  std::jthread stopper([&] {
    while (queue.batches() < 40) std::this_thread::yield();
    source.request_stop();
  });
  EXPECT_EQ(reply_to(queue, prompt_of(2, 30), 30), expected);
  reader.join();
  stopper.join();
  EXPECT_EQ(static_cast<int64_t>(stopped.ids().size()), stopped.fed());
}

}  // namespace
}  // namespace deskhand
