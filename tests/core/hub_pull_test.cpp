// Downloads from a hub that cuts, lies, redirects and refuses: files are whole and right, or not there.

#include "core/hub/pull.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/hub/part_file.h"
#include "tests/support/hub_server.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

const std::string commit(40, 'a');

/// Bytes that repeat nowhere soon.
std::string noise(size_t size) {
  std::string out(size, '\0');
  uint32_t state = 1;
  for (char& c : out) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

class Pulls : public ::testing::Test {
 protected:
  void SetUp() override {
    hub_.add("org/tiny", "model-q8_0.gguf", bytes_);
    hub_.add("org/tiny", "README.md", "---\nlicense: mit\n---\n");
    hub_.add("org/tiny", "other.txt", "not needed");
  }
  fs::path pull(const std::string& reference = "hf:org/tiny", const std::string& token = "") {
    HubPull one({.endpoint = hub_.endpoint(), .token = token}, cache_);
    return one.run(one.plan(HubReference::parse(reference), {}), {}, {});
  }
  std::string trouble(const std::string& reference = "hf:org/tiny", const std::string& token = "") {
    try {
      pull(reference, token);
      return "none";
    } catch (const HubError& error) {
      return error.what();
    }
  }
  fs::path blobs(const std::string& repository = "org/tiny") const {
    return cache_.repository_folder(repository) / "blobs";
  }
  fs::path incomplete() const { return blobs() / (digest(bytes_) + ".incomplete"); }
  static std::string digest(const std::string& bytes) {
    Digest digest(Digest::Kind::sha256);
    digest.add(bytes);
    return digest.hex();
  }
  size_t files_in(const fs::path& folder) const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  const std::string bytes_ = noise(300000);
  testing::HubServerProcess hub_;
  TemporaryFolder folder_;
  HubCache cache_{folder_.path() / "hub"};
};

TEST_F(Pulls, AModelLiesInTheUsualLayout) {
  const fs::path model = pull();
  EXPECT_EQ(model, folder_.path() / "hub/models--org--tiny/snapshots" / commit / "model-q8_0.gguf");
  EXPECT_EQ(testing::read_file(model), bytes_);
  EXPECT_EQ(fs::read_symlink(model), "../../blobs/" + digest(bytes_));
  EXPECT_EQ(testing::read_file(folder_.path() / "hub/models--org--tiny/refs/main"), commit);
  EXPECT_EQ(files_in(blobs()), 2u) << "the model and its card, nothing else";
  EXPECT_EQ(cached_model(HubReference::parse("hf:org/tiny"), cache_), model);
  EXPECT_EQ(cached_model(HubReference::parse("hf:org/tiny:Q8_0"), cache_), model);
}

TEST_F(Pulls, ThePlanSaysSizeAndLicenceBeforeAnythingIsDownloaded) {
  hub_.say("org/tiny", R"({"license": "mit"})");
  HubPull one({.endpoint = hub_.endpoint()}, cache_);
  const PullPlan plan = one.plan(HubReference::parse("hf:org/tiny"), {});
  EXPECT_EQ(plan.repository.license, "mit");
  EXPECT_EQ(plan.bytes, bytes_.size() + 21);
  EXPECT_EQ(plan.missing_bytes, plan.bytes);
  EXPECT_EQ(plan.files.size(), 2u);
  EXPECT_FALSE(fs::exists(cache_.folder()));
  EXPECT_TRUE(hub_.requests("cdn").empty());
}

TEST_F(Pulls, WhatIsHereIsNotDownloadedAgain) {
  pull();
  const size_t before = hub_.requests("cdn").size();
  pull();
  EXPECT_EQ(hub_.requests("cdn").size(), before);
}

TEST_F(Pulls, TheTokenStaysWithTheHub) {
  pull("hf:org/tiny", "good");
  for (const auto& request : hub_.requests("hub")) EXPECT_EQ(request["authorization"], "Bearer good");
  const auto elsewhere = hub_.requests("cdn");
  ASSERT_EQ(elsewhere.size(), 1u);
  EXPECT_TRUE(elsewhere[0]["authorization"].is_null());
}

TEST_F(Pulls, ACutConnectionIsTakenUpWhereItWas) {
  hub_.say("org/tiny", R"({"cut": 100000})");
  EXPECT_EQ(testing::read_file(pull()), bytes_);
  const auto requests = hub_.requests("cdn");
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_TRUE(requests[0]["range"].is_null());
  EXPECT_EQ(requests[1]["range"], "bytes=100000-");
  EXPECT_EQ(requests[2]["range"], "bytes=200000-");
  EXPECT_FALSE(fs::exists(incomplete()));
}

TEST_F(Pulls, WhatAnEarlierRunLeftIsContinued) {
  fs::create_directories(blobs());
  std::ofstream(incomplete(), std::ios::binary) << bytes_.substr(0, 123456);
  HubPull one({.endpoint = hub_.endpoint()}, cache_);
  const PullPlan plan = one.plan(HubReference::parse("hf:org/tiny"), {});
  EXPECT_EQ(plan.missing_bytes, plan.bytes - 123456);
  EXPECT_EQ(testing::read_file(one.run(plan, {}, {})), bytes_);
  EXPECT_EQ(hub_.requests("cdn")[0]["range"], "bytes=123456-");
}

TEST_F(Pulls, AServerWithoutRangesIsReadFromTheStart) {
  hub_.say("org/tiny", R"({"no_ranges": true})");
  fs::create_directories(blobs());
  std::ofstream(incomplete(), std::ios::binary) << bytes_.substr(0, 5000);
  EXPECT_EQ(testing::read_file(pull()), bytes_);
}

TEST_F(Pulls, AWrongBeginningIsDownloadedAgain) {
  fs::create_directories(blobs());
  std::ofstream(incomplete(), std::ios::binary) << noise(200000).substr(1) + "x";
  EXPECT_EQ(testing::read_file(pull()), bytes_);
  EXPECT_EQ(hub_.requests("cdn").size(), 2u);
}

TEST_F(Pulls, MoreThanTheWholeIsDownloadedAgain) {
  fs::create_directories(blobs());
  std::ofstream(incomplete(), std::ios::binary) << bytes_ << "and more";
  EXPECT_EQ(testing::read_file(pull()), bytes_);
}

TEST_F(Pulls, AWrongHashLeavesNothing) {
  hub_.say("org/tiny", R"({"corrupt": true})");
  const std::string message = trouble();
  EXPECT_THAT(message, HasSubstr("SHA-256"));
  EXPECT_THAT(message, HasSubstr(digest(bytes_)));
  EXPECT_EQ(files_in(blobs()), 0u);
  EXPECT_FALSE(fs::exists(cache_.repository_folder("org/tiny") / "refs"));
  EXPECT_FALSE(fs::exists(cache_.file("org/tiny", commit, "model-q8_0.gguf")));
}

TEST_F(Pulls, AWrongLengthIsSaid) {
  hub_.say("org/tiny", R"({"longer": 7})");
  EXPECT_THAT(trouble(), HasSubstr("has more than the 300000 bytes"));
  hub_.say("org/tiny", R"({"shorter": 7})");
  EXPECT_THAT(trouble(), HasSubstr("got 299993 of 300000 bytes"));
  EXPECT_FALSE(fs::exists(cache_.file("org/tiny", commit, "model-q8_0.gguf")));
}

TEST_F(Pulls, AServerThatIsBusyIsAskedAgain) {
  hub_.say("org/tiny", R"({"busy": 2})");
  EXPECT_EQ(testing::read_file(pull()), bytes_);
  EXPECT_EQ(hub_.requests("cdn").size(), 3u);
}

TEST_F(Pulls, WhatIsMissingIsNamed) {
  EXPECT_THAT(trouble("hf:org/absent"), HasSubstr("no such repository"));
  EXPECT_THAT(trouble("hf:org/tiny@v9"), HasSubstr("no such revision: v9"));
  EXPECT_THAT(trouble("hf:org/tiny:Q2_K"), HasSubstr("model-q8_0.gguf"));
  hub_.say("org/tiny", R"({"gone": true})");
  EXPECT_THAT(trouble(), HasSubstr("404"));
  HubPull nowhere({.endpoint = "http://127.0.0.1:1"}, cache_);
  EXPECT_THROW(nowhere.plan(HubReference::parse("hf:org/tiny"), {}), HubError);
}

TEST_F(Pulls, AGatedModelNamesThePageAndTheVariable) {
  hub_.say("org/tiny", R"({"gated": "manual"})");
  EXPECT_THAT(trouble(), AllOf(HasSubstr("gated"), HasSubstr(hub_.endpoint() + "/org/tiny"), HasSubstr("HF_TOKEN")));
  EXPECT_THAT(trouble("hf:org/tiny", "another"), AllOf(HasSubstr("gated"), HasSubstr("accept the terms")));
  EXPECT_THAT(trouble("hf:org/tiny", "stale"), HasSubstr("does not accept your token"));
  EXPECT_TRUE(hub_.requests("cdn").empty());
  EXPECT_EQ(testing::read_file(pull("hf:org/tiny", "good")), bytes_);
}

TEST_F(Pulls, ARenamedRepositoryIsFound) {
  hub_.say("old/name", R"({"moved": "org/tiny"})");
  EXPECT_EQ(testing::read_file(pull("hf:old/name", "good")), bytes_);
  EXPECT_EQ(cached_model(HubReference::parse("hf:old/name"), cache_),
            cache_.file("old/name", commit, "model-q8_0.gguf"));
}

TEST_F(Pulls, NamesThatLeadElsewhereAreRefused) {
  for (const char* name : {"../../evil", "/etc/evil", "a/../../b", "a\\\\b", "a//b", ".", "a/./b", "a\\nb"}) {
    hub_.say("org/tiny", std::string("{\"links\": {\"") + name + "\": 1}}");
    EXPECT_THAT(trouble(), HasSubstr("leads out of the folder")) << name;
  }
  EXPECT_FALSE(fs::exists(cache_.folder()));
}

TEST_F(Pulls, ALinkInTheSnapshotIsNotFollowed) {
  hub_.add("org/deep", "sub/model.gguf", bytes_);
  const fs::path outside = folder_.path() / "outside";
  fs::create_directories(outside);
  fs::create_directories(cache_.snapshot("org/deep", commit));
  fs::create_symlink(outside, cache_.snapshot("org/deep", commit) / "sub");
  EXPECT_THAT(trouble("hf:org/deep"), HasSubstr("expected a folder"));
  EXPECT_EQ(files_in(outside), 0u);
}

TEST_F(Pulls, StoppingLeavesWhatCameForTheNextTime) {
  std::stop_source stop;
  HubPull one({.endpoint = hub_.endpoint()}, cache_);
  const PullPlan plan = one.plan(HubReference::parse("hf:org/tiny"), {});
  const auto after_some = [&](const PullProgress& progress) {
    if (progress.bytes > 1000) stop.request_stop();
  };
  hub_.say("org/tiny", R"({"cut": 50000})");
  EXPECT_THROW(one.run(plan, after_some, stop.get_token()), HttpStopped);
  EXPECT_GT(fs::file_size(incomplete()), 1000u);
  EXPECT_FALSE(fs::exists(cache_.file("org/tiny", commit, "model-q8_0.gguf")));
  EXPECT_EQ(testing::read_file(pull()), bytes_);
}

TEST_F(Pulls, AnotherDownloadOfTheSameFileIsWaitedFor) {
  const fs::path lock_path = cache_.lock("org/tiny", digest(bytes_));
  fs::create_directories(lock_path.parent_path());
  auto lock = std::make_unique<FileLock>(lock_path);
  ASSERT_TRUE(lock->try_lock());
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_FALSE(fs::exists(incomplete()));
    lock.reset();
  });
  EXPECT_EQ(testing::read_file(pull()), bytes_);
}

TEST_F(Pulls, AFolderOfSafetensorsComesWithWhatItNeeds) {
  for (const char* name : {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json"}) {
    hub_.add("org/folder", name, "{}");
  }
  hub_.add("org/folder", "model-00001-of-00002.safetensors", noise(2000));
  hub_.add("org/folder", "model-00002-of-00002.safetensors", noise(3000));
  hub_.add("org/folder", "pytorch_model.bin", noise(5000));
  hub_.add("org/folder", "onnx/model.onnx", noise(5000));
  const fs::path folder = pull("hf:org/folder");
  EXPECT_EQ(folder, cache_.snapshot("org/folder", commit));
  EXPECT_EQ(cache_.files("org/folder", commit).size(), 6u);
  EXPECT_EQ(cached_model(HubReference::parse("hf:org/folder"), cache_), folder);
}

}  // namespace
}  // namespace deskhand
