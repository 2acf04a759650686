// References, and which files they mean.

#include "core/hub/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/hub/cache.h"
#include "core/hub/listing.h"
#include "core/hub/pull.h"
#include "core/hub/selection.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

HubChoice choose(const std::vector<std::string>& paths, const std::string& reference) {
  return choose_files(paths, HubReference::parse(reference));
}

std::string refusal(const std::vector<std::string>& paths, const std::string& reference) {
  try {
    choose(paths, reference);
    return "none";
  } catch (const HubError& error) {
    return error.what();
  }
}

TEST(HubReference, HasItsParts) {
  const HubReference plain = HubReference::parse("hf:Qwen/Qwen2.5-0.5B");
  EXPECT_EQ(plain.repository, "Qwen/Qwen2.5-0.5B");
  EXPECT_EQ(plain.revision, "main");
  EXPECT_EQ(plain.part, "");
  const HubReference full = HubReference::parse("hf:org/name@refs/pr/3:sub/a-q8_0.gguf");
  EXPECT_EQ(full.revision, "refs/pr/3");
  EXPECT_EQ(full.part, "sub/a-q8_0.gguf");
  for (const char* text : {"hf:org/name", "hf:org/name:Q4_K_M", "hf:org/name@v1:a.gguf"}) {
    EXPECT_EQ(HubReference::parse(text).text(), text);
  }
}

TEST(HubReference, WhatIsNoneIsRefused) {
  for (const char* text :
       {"hf:", "hf:name", "hf:/name", "hf:org/", "hf:a/b/c", "hf:../name", "hf:org/..", "hf:org/a--b", "hf:org/.hidden",
        "hf:-x/name", "hf:org/name:", "hf:org/name:../a", "hf:org/name:/etc/passwd", "hf:org/name@", "hf:org/name@..",
        "hf:org/na me", "hf:org/name@a\nb"}) {
    EXPECT_THROW(HubReference::parse(text), HubReferenceError) << text;
  }
}

TEST(HubSelection, AQuantIsAWholeWordOfTheName) {
  EXPECT_TRUE(is_of_quant("qwen2.5-0.5b-instruct-q4_k_m.gguf", "Q4_K_M"));
  EXPECT_TRUE(is_of_quant("Model.Q4_K_M.gguf", "q4_k_m"));
  EXPECT_TRUE(is_of_quant("Q8_0/model.gguf", "Q8_0"));
  EXPECT_TRUE(is_of_quant("model_f16.gguf", "F16"));
  EXPECT_FALSE(is_of_quant("model-q4_k_m.gguf", "Q4_K"));
  EXPECT_FALSE(is_of_quant("model-iq4_xs.gguf", "Q4_XS"));
  EXPECT_FALSE(is_of_quant("model-bf16.gguf", "F16"));
  EXPECT_FALSE(is_of_quant("model-q4_k_m.gguf", "Q8_0"));
}

TEST(HubSelection, OneGgufFileIsChosen) {
  const std::vector<std::string> paths = {"README.md",         "a-bf16.gguf",        "a-q4_0.gguf",
                                          "a-q4_k_m.gguf",     "a-q8_0.gguf",        "config.json",
                                          "mmproj-a-f16.gguf", "mmproj-a-q8_0.gguf", "tokenizer.json"};
  EXPECT_THAT(choose(paths, "hf:o/n").files, ElementsAre("a-q4_k_m.gguf", "mmproj-a-f16.gguf", "README.md"));
  EXPECT_EQ(choose(paths, "hf:o/n:Q8_0").model, "a-q8_0.gguf");
  EXPECT_EQ(choose(paths, "hf:o/n:a-bf16.gguf").model, "a-bf16.gguf");
  EXPECT_EQ(choose(paths, "hf:o/n:mmproj-a-q8_0.gguf").model, "mmproj-a-q8_0.gguf");
  EXPECT_THAT(refusal(paths, "hf:o/n:Q5_K_M"), AllOf(HasSubstr("Q5_K_M"), HasSubstr("a-q8_0.gguf")));
  EXPECT_THAT(refusal(paths, "hf:o/n:b.gguf"), HasSubstr("a-q4_0.gguf"));
  EXPECT_EQ(choose({"only.gguf"}, "hf:o/n").model, "only.gguf");
  EXPECT_THAT(refusal({"a.gguf", "b.gguf"}, "hf:o/n"), HasSubstr("name one: a.gguf, b.gguf"));
  EXPECT_THAT(refusal({"x/a-Q8_0.gguf", "y/a-Q8_0.gguf"}, "hf:o/n:Q8_0"), HasSubstr("more than one"));
}

TEST(HubSelection, ModelsInSeveralGgufFilesAreRefusedByName) {
  const std::vector<std::string> paths = {"q8_0/a-Q8_0-00001-of-00002.gguf", "q8_0/a-Q8_0-00002-of-00002.gguf",
                                          "a-Q4_0.gguf"};
  EXPECT_EQ(choose(paths, "hf:o/n").model, "a-Q4_0.gguf");
  EXPECT_THAT(refusal(paths, "hf:o/n:Q8_0"), HasSubstr("a-Q8_0-00001-of-00002.gguf"));
}

TEST(HubSelection, AFolderNeedsAllItsShards) {
  EXPECT_THAT(
      choose({"config.json", "model.safetensors", "model.fp16.safetensors", "flax_model.msgpack"}, "hf:o/n").files,
      ElementsAre("model.safetensors", "config.json"));
  EXPECT_THAT(refusal({"config.json", "model-00001-of-00003.safetensors", "model.safetensors.index.json"}, "hf:o/n"),
              HasSubstr("1 of 3 shards"));
  EXPECT_THAT(refusal({"config.json", "pytorch_model.bin"}, "hf:o/n"), HasSubstr("pickled"));
  EXPECT_THAT(refusal({"model.safetensors"}, "hf:o/n"), HasSubstr("config.json is missing"));
  EXPECT_THAT(refusal({"model.safetensors", "config.json"}, "hf:o/n:Q8_0"), HasSubstr("no GGUF file"));
  EXPECT_THAT(refusal({}, "hf:o/n"), HasSubstr("no weights"));
}

TEST(HubCacheFolder, FollowsTheUsualVariables) {
  setenv("HF_HOME", "/h", 1);
  EXPECT_EQ(HubCache::of_user().folder(), "/h/hub");
  setenv("HF_HUB_CACHE", "/c", 1);
  EXPECT_EQ(HubCache::of_user().folder(), "/c");
  unsetenv("HF_HUB_CACHE");
  unsetenv("HF_HOME");
  setenv("XDG_CACHE_HOME", "/x", 1);
  EXPECT_EQ(HubCache::of_user().folder(), "/x/huggingface/hub");
}

TEST(HubCacheFolder, TheTokenComesFromTheEnvironmentOrItsFile) {
  const testing::TemporaryFolder folder;
  setenv("HF_HOME", folder.path().c_str(), 1);
  unsetenv("HF_TOKEN");
  EXPECT_EQ(hugging_face_token(), "");
  std::ofstream(folder.path() / "token") << "hf_file\n";
  EXPECT_EQ(hugging_face_token(), "hf_file");
  setenv("HF_TOKEN", "hf_variable", 1);
  EXPECT_EQ(hugging_face_token(), "hf_variable");
  unsetenv("HF_TOKEN");
}

TEST(CachedModel, WhatWasNotPulledNamesTheCommand) {
  const testing::TemporaryFolder folder;
  try {
    cached_model(HubReference::parse("hf:org/name:Q8_0"), HubCache(folder.path()));
    FAIL();
  } catch (const HubError& error) {
    EXPECT_THAT(error.what(), HasSubstr("deskhand models pull hf:org/name:Q8_0"));
  }
}

TEST(CachedModel, ListingKnowsFilesFoldersAndLicences) {
  const testing::TemporaryFolder folder;
  const HubCache cache(folder.path());
  const std::string commit(40, 'c');
  const auto put = [&](const std::string& repository, const std::string& path, const std::string& bytes) {
    const std::string hash = std::to_string(bytes.size()) + "x" + std::string(path.begin(), path.begin() + 3);
    fs::create_directories(cache.blob(repository, hash).parent_path());
    std::ofstream(cache.blob(repository, hash)) << bytes;
    cache.link(repository, commit, path, hash);
    cache.set_commit(repository, "main", commit);
  };
  put("a/gguf", "sub/one-q8_0.gguf", "12345");
  put("a/gguf", "mmproj-f16.gguf", "123");
  put("a/gguf", "README.md", "---\nlicense: other\nlicense_name: \"house-rules\"\n---\nlicense: no\n");
  put("b/dir", "config.json", "{}");
  put("b/dir", "model.safetensors", "1234567");
  const auto models = cached_models(cache);
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].reference, "hf:a/gguf:sub/one-q8_0.gguf");
  EXPECT_EQ(models[0].bytes, 5u);
  EXPECT_EQ(models[0].license, "house-rules");
  EXPECT_EQ(models[1].reference, "hf:b/dir");
  EXPECT_EQ(models[1].bytes, 7u);
  EXPECT_EQ(models[1].path, cache.snapshot("b/dir", commit));
  EXPECT_EQ(cached_model(HubReference::parse(models[0].reference), cache), models[0].path);
}

}  // namespace
}  // namespace deskhand
