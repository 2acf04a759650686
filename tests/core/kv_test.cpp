// Pages, windows and the prefix tree, with a network that writes down what it has read: every position's page and the
// recurrent state hold a hash of the text up to there, so that any mix-up shows.

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/kv/prefix_store.h"
#include "core/kv/sequence.h"
#include "kernels/check.h"

namespace deskhand {
namespace {

constexpr LayerMemory full{.kv_heads = 2, .head_dim = 16, .window = 0};
constexpr LayerMemory windowed{.kv_heads = 1, .head_dim = 8, .window = 70};
constexpr LayerMemory recurrent{.state_bytes = 1000};
constexpr size_t plenty = 1 << 28;

TEST(KvPlan, LayersWithTheSameWindowShareAGroup) {
  const auto backend = make_reference_backend();
  const KvPlan plan(std::vector{windowed, full, windowed, recurrent, full, windowed}, DType::f16, *backend);
  ASSERT_EQ(plan.groups().size(), 2u);
  EXPECT_EQ(plan.groups()[0].window, 70);
  EXPECT_EQ(plan.groups()[1].window, 0);
  EXPECT_EQ(plan.layer(0).group, 0u);
  EXPECT_EQ(plan.layer(4).group, 1u);
  // Parts of a page follow each other without overlap.
  const size_t part = backend->kv_page_bytes(plan.layer(0).layout);
  EXPECT_EQ(plan.layer(0).offset, 0u);
  EXPECT_GE(plan.layer(2).offset, part);
  EXPECT_GE(plan.layer(5).offset, plan.layer(2).offset + part);
  EXPECT_GE(plan.groups()[0].page_bytes, plan.layer(5).offset + part);
  EXPECT_EQ(plan.state_bytes(), 1024u);
  // 2 sides × 2 layers of 32 values × 2 bytes grow with the text; windows and states do not.
  EXPECT_EQ(plan.bytes_per_token(), 2u * 2 * 32 * 2);
  const double page = static_cast<double>(plan.groups()[0].page_bytes + plan.groups()[1].page_bytes);
  EXPECT_EQ(plan.bytes(1, 128), 1024 + page);  // a window is not taken before there is text for it
  EXPECT_EQ(plan.bytes(KvPlan::page_tokens + 1, 128), 1024 + 2 * page);
  const int64_t pages = 1'000'000;
  const double windowed_pages =
      (plan.bytes(pages * KvPlan::page_tokens, 128) - 1024 - static_cast<double>(plan.groups()[1].page_bytes) * pages) /
      static_cast<double>(plan.groups()[0].page_bytes);
  EXPECT_GE(windowed_pages, (70 + 128) / KvPlan::page_tokens + 2);
  EXPECT_LE(windowed_pages, (70 + 128) / KvPlan::page_tokens + 4);
}

using Text = std::vector<int32_t>;

Text random_text(std::mt19937& random, size_t length) {
  Text out(length);
  for (int32_t& id : out) id = static_cast<int32_t>(random() % 7);
  return out;
}

uint64_t hash_of(std::span<const int32_t> text) {
  uint64_t hash = 14695981039346656037u;
  for (int32_t id : text) hash = (hash ^ static_cast<uint64_t>(id + 1)) * 1099511628211u;
  return hash;
}

class Sequences : public ::testing::Test {
 protected:
  void open(std::vector<LayerMemory> layers, size_t budget) {
    backend_ = make_reference_backend();
    plan_ = std::make_unique<KvPlan>(layers, DType::f32, *backend_);
    cache_ = std::make_unique<KvCache>(*plan_, *backend_, budget);
  }
  std::unique_ptr<KvSequence> sequence(int64_t capacity = 4096) const {
    return std::make_unique<KvSequence>(*cache_, capacity);
  }

  std::byte* place(const KvSequence& s, size_t group, int64_t position) const {
    const AttentionRow row = s.row(group, position);
    const int64_t page = position / KvPlan::page_tokens, slot = position % KvPlan::page_tokens;
    return row.pages[page] + static_cast<size_t>(slot) * sizeof(uint64_t);
  }

  /// Reads text[s.size()…end) in chunks as a network would; writes hashes down.
  void feed(KvSequence& s, const Text& text, size_t end, std::span<const int64_t> marks = {}, int64_t chunk = 48) {
    while (s.size() < static_cast<int64_t>(end)) {
      const int64_t first = s.size(), last = std::min(first + chunk, static_cast<int64_t>(end));
      s.prepare(last, marks);
      for (int64_t i = first; i < last; ++i) {
        const uint64_t hash = hash_of(std::span(text).first(static_cast<size_t>(i) + 1));
        for (size_t group = 0; group < plan_->groups().size(); ++group) {
          std::memcpy(place(s, group, i), &hash, sizeof(hash));
        }
        if (s.state() == nullptr) continue;
        // The state says what came before; a state from elsewhere shows here.
        uint64_t before = 0;
        std::memcpy(&before, s.state(), sizeof(before));
        ASSERT_EQ(before, i == 0 ? 0 : hash_of(std::span(text).first(static_cast<size_t>(i)))) << "position " << i;
        std::memcpy(s.state(), &hash, sizeof(hash));
        if (std::byte* saved = s.saved_after(i + 1)) std::memcpy(saved, s.state(), plan_->state_bytes());
      }
      s.advance(std::span(text).subspan(static_cast<size_t>(first), static_cast<size_t>(last - first)));
    }
    check(s, text);
  }

  /// Whether all that the next row sees is of this text.
  void check(const KvSequence& s, const Text& text) const {
    if (s.size() == 0) return;
    for (size_t group = 0; group < plan_->groups().size(); ++group) {
      const AttentionRow row = s.row(group, s.size() - 1);
      const int64_t window = plan_->groups()[group].window;
      for (int64_t i = std::max(row.begin, window > 0 ? s.size() + 1 - window : 0); i < s.size(); ++i) {
        uint64_t hash = 0;
        std::memcpy(&hash, place(s, group, i), sizeof(hash));
        ASSERT_EQ(hash, hash_of(std::span(text).first(static_cast<size_t>(i) + 1))) << "position " << i;
      }
    }
  }

  int64_t adopt(KvSequence& s, const Text& text) const {
    const int64_t known = s.adopt(text);
    EXPECT_EQ(known, s.size());
    check(s, text);
    return known;
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<KvPlan> plan_;
  std::unique_ptr<KvCache> cache_;
  std::mt19937 random_{5};
};

TEST_F(Sequences, RowsSeeThePastOrTheirWindow) {
  open({full, windowed}, 0);
  const auto s = sequence(200);
  s->prepare(130, {});
  EXPECT_EQ(s->row(0, 129).begin, 0);
  EXPECT_EQ(s->row(0, 129).end, 130);
  EXPECT_EQ(s->row(1, 129).begin, 60);
  EXPECT_EQ(s->row(1, 69).begin, 0);
  EXPECT_EQ(s->row(1, 70).begin, 1);
  EXPECT_NE(s->row(0, 0).pages[0], s->row(1, 0).pages[0]);
  EXPECT_NE(s->row(0, 0).pages[0], s->row(0, 0).pages[1]);
  EXPECT_THROW(s->row(0, 192), InternalError);
  EXPECT_THROW(s->prepare(201, {}), InternalError);
  EXPECT_THROW(s->reserve(201), InternalError);
}

TEST_F(Sequences, AnotherSequenceGoesOnFromAnyTokenOfAPrefix) {
  open({full}, plenty);
  const Text text = random_text(random_, 300);
  const auto a = sequence();
  feed(*a, text, 300);
  a->share();
  for (size_t common : {size_t{1}, size_t{64}, size_t{100}, size_t{290}}) {
    Text other = text;
    other[common] = 99;
    const auto b = sequence();
    EXPECT_EQ(adopt(*b, other), static_cast<int64_t>(common));
    feed(*b, other, 300);
    check(*a, text);
  }
  EXPECT_EQ(adopt(*a, text), 300);
}

TEST_F(Sequences, RecurrentStatesAreFoundAtPagesMarksAndEnds) {
  open({full, recurrent}, plenty);
  const Text text = random_text(random_, 300);
  const int64_t marks[] = {150};
  const auto a = sequence();
  feed(*a, text, 300, marks);
  a->share();
  for (const auto& [common, known] : {std::pair<size_t, int64_t>{63, 0},
                                      {64, 64},
                                      {127, 64},
                                      {149, 128},
                                      {150, 150},
                                      {191, 150},
                                      {192, 192},
                                      {299, 256}}) {
    Text other = text;
    other[common] = 99;
    const auto b = sequence();
    EXPECT_EQ(adopt(*b, other), known) << "common prefix of " << common;
    feed(*b, other, 300);
  }
  Text longer = text;
  longer.push_back(3);
  const auto c = sequence();
  EXPECT_EQ(adopt(*c, longer), 300);
  feed(*c, longer, 301);
}

TEST_F(Sequences, AnUnfinishedPassGoesBackToTheLastState) {
  open({full, recurrent}, plenty);
  const Text text = random_text(random_, 200);
  auto s = sequence();
  feed(*s, text, 150);
  s->prepare(190, {});
  std::memset(s->state(), 0x5a, plan_->state_bytes());
  std::memset(s->saved_after(192) != nullptr ? s->saved_after(192) : s->state(), 0x5a, plan_->state_bytes());
  s->lose();
  EXPECT_EQ(s->size(), 128);
  feed(*s, text, 200);
  s.reset();

  open({full}, plenty);
  const auto plain = sequence();
  feed(*plain, text, 150);
  plain->prepare(190, {});
  plain->lose();
  EXPECT_EQ(plain->size(), 150);
}

TEST_F(Sequences, WindowsNeedTheSameMemoryAtAnyLength) {
  open({windowed, recurrent}, 1 << 14);
  const Text text = random_text(random_, 3000);
  const auto s = sequence();
  feed(*s, text, 1500);
  const size_t bytes = cache_->stats().bytes;
  feed(*s, text, 3000);
  EXPECT_EQ(cache_->stats().bytes, bytes);
  EXPECT_LE(cache_->stats().idle_bytes, size_t{1} << 14);
  // One by one, as replies are fed.
  const auto replies = sequence();
  replies->reserve(3000);
  feed(*replies, text, 500, {}, 1);
  const size_t with_replies = cache_->stats().bytes;
  feed(*replies, text, 1500, {}, 1);
  EXPECT_EQ(cache_->stats().bytes, with_replies);
}

TEST_F(Sequences, TheOldestTextIsForgottenFirstAndTheBudgetHolds) {
  const size_t page = 2 * 32 * 64 * sizeof(float);
  open({full}, 10 * page);
  std::vector<Text> texts;
  for (int i = 0; i < 6; ++i) {
    texts.push_back(random_text(random_, 256));
    const auto s = sequence();
    feed(*s, texts.back(), 256);
  }
  EXPECT_LE(cache_->stats().idle_bytes, 10 * page);
  EXPECT_EQ(adopt(*sequence(), texts[5]), 256);
  EXPECT_EQ(adopt(*sequence(), texts[4]), 256);
  EXPECT_LT(adopt(*sequence(), texts[0]), 10);  // what it shares with the others by chance
}

TEST_F(Sequences, StatesAreThinnedOutTowardsTheBeginning) {
  open({full, recurrent}, 8 * 1024);
  const Text text = random_text(random_, 64 * 40);
  const auto s = sequence();
  feed(*s, text, text.size());
  s->share();
  EXPECT_LE(cache_->stats().states, 8u);
  EXPECT_GE(cache_->stats().states, 6u);
  Text other = text;
  other[64 * 32 + 10] = 99;
  EXPECT_EQ(adopt(*sequence(), other), 64 * 32);  // 32 pages: the worthiest place
}

class Prefixes : public Sequences {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// A cache as another run would have it.
  void open_all() { open({full, windowed, recurrent}, plenty); }
  int64_t loaded(const Text& text, const std::string& key = "model") {
    return PrefixStore(folder_, key, *cache_).load(text);
  }
  std::filesystem::path file() const { return *std::filesystem::directory_iterator(folder_); }
  size_t files() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {})); }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / "deskhand-prefixes-test";
};

TEST_F(Prefixes, AreKnownInTheNextRun) {
  open_all();
  const Text text = random_text(random_, 500);
  {
    const auto s = sequence();
    feed(*s, text, 500);
    s->share();
    PrefixStore store(folder_, "model", *cache_);
    EXPECT_EQ(store.load(text), 0);
    EXPECT_EQ(store.save(std::span(text).first(127)), 0);
    EXPECT_EQ(store.save(std::span(text).first(400)), 384);
    EXPECT_EQ(store.save(std::span(text).first(400)), 0);  // it has them
  }
  EXPECT_EQ(std::filesystem::status(file()).permissions(), std::filesystem::perms(0600));
  open_all();
  EXPECT_EQ(loaded(text), 384);
  {
    const auto s = sequence();
    EXPECT_EQ(adopt(*s, text), 384);
    feed(*s, text, 500);
  }
  open_all();
  EXPECT_EQ(loaded(text, "another model"), 0);
  EXPECT_EQ(loaded(random_text(random_, 500)), 0);
  EXPECT_EQ(adopt(*sequence(), text), 0);
}

TEST_F(Prefixes, DamagedFilesAreIgnoredAndReplaced) {
  open_all();
  const Text text = random_text(random_, 300);
  const auto save = [&] {
    const auto s = sequence();
    feed(*s, text, 300);
    s->share();
    PrefixStore store(folder_, "model", *cache_);
    store.load(text);
    return store.save(text);
  };
  EXPECT_EQ(save(), 256);
  const auto size = std::filesystem::file_size(file());
  for (const size_t at : {size_t{3}, size / 2, static_cast<size_t>(size) - 3}) {
    {
      std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(static_cast<std::streamoff>(at));
      bytes.put('\x07');
    }
    open_all();
    EXPECT_EQ(loaded(text), 0);
    EXPECT_EQ(adopt(*sequence(), text), 0);
    EXPECT_EQ(files(), 0u);
    EXPECT_EQ(save(), 256);
  }
  std::filesystem::resize_file(file(), size - 100);
  open_all();
  EXPECT_EQ(loaded(text), 0);
}

TEST_F(Prefixes, OnlyTheNewestFilesStay) {
  open_all();
  for (int i = 0; i < 12; ++i) {
    const Text text = random_text(random_, 128);
    const auto s = sequence();
    feed(*s, text, 128);
    s->share();
    EXPECT_EQ(PrefixStore(folder_, "model", *cache_).save(text), 128);
  }
  EXPECT_EQ(files(), 8u);
}

struct Mix {
  const char* name;
  std::vector<LayerMemory> layers;
  size_t budget;
};

class RandomTexts : public Sequences, public ::testing::WithParamInterface<Mix> {};

TEST_P(RandomTexts, AreNeverMixedUp) {
  open(GetParam().layers, GetParam().budget);
  std::vector<std::unique_ptr<KvSequence>> sequences;
  for (int i = 0; i < 3; ++i) sequences.push_back(sequence());
  std::vector<Text> texts{random_text(random_, 400), random_text(random_, 500), random_text(random_, 130)};
  for (int round = 0; round < 300; ++round) {
    auto& s = sequences[random_() % sequences.size()];
    // A known text, some of it replaced from a random place on.
    Text text = texts[random_() % texts.size()];
    if (random_() % 3 > 0) {
      text.resize(random_() % text.size());
      for (int32_t id : random_text(random_, 1 + random_() % 150)) text.push_back(id);
      if (random_() % 8 == 0) texts[random_() % texts.size()] = text;
    }
    if (random_() % 10 == 0) s = sequence();
    adopt(*s, text);
    if (random_() % 4 == 0) s->reserve(static_cast<int64_t>(text.size()));
    const int64_t mark = static_cast<int64_t>(random_() % text.size());
    const size_t end = s->size() + random_() % (text.size() - static_cast<size_t>(s->size()) + 1);
    ASSERT_NO_FATAL_FAILURE(feed(*s, text, end, {&mark, 1}, 1 + static_cast<int64_t>(random_() % 60)));
    if (random_() % 3 == 0) s->share();
    if (random_() % 9 == 0) s->lose();
    ASSERT_LE(cache_->stats().idle_bytes, GetParam().budget + plan_->state_bytes() * 32 + (1 << 17));
  }
  sequences.clear();
  EXPECT_LE(cache_->stats().idle_bytes, GetParam().budget);
}

INSTANTIATE_TEST_SUITE_P(
    Plans, RandomTexts,
    ::testing::Values(Mix{"full", {full}, plenty}, Mix{"full_no_budget", {full}, 0}, Mix{"windows", {windowed}, plenty},
                      Mix{"windows_tight", {windowed}, 40000}, Mix{"mixed", {full, windowed}, 100000},
                      Mix{"hybrid", {full, recurrent}, plenty}, Mix{"hybrid_tight", {full, recurrent}, 10000},
                      Mix{"all", {full, windowed, recurrent}, 200000}, Mix{"states_only", {recurrent}, 50000}),
    [](const auto& name) { return name.param.name; });

}  // namespace
}  // namespace deskhand
