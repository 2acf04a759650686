#include "core/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Builds GGUF bytes piece by piece.
class Bytes {
 public:
  Bytes& raw(std::string_view text) {
    out_ += text;
    return *this;
  }
  template <typename T>
  Bytes& number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  Bytes& text(std::string_view value) { return number(uint64_t{value.size()}).raw(value); }
  Bytes& header(uint64_t tensors, uint64_t pairs) {
    return raw("GGUF").number(uint32_t{3}).number(tensors).number(pairs);
  }
  Bytes& pad(size_t alignment) {
    while (out_.size() % alignment != 0) out_ += '\0';
    return *this;
  }
  const std::string& bytes() const { return out_; }

 private:
  std::string out_;
};

std::string refusal(const std::string& bytes) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "model.gguf";
  std::ofstream(path, std::ios::binary) << bytes;
  try {
    GgufFile::open(path);
  } catch (const ModelFileError& error) {
    EXPECT_THAT(std::string(error.what()), Not(HasSubstr("\n")));
    return error.what();
  }
  return "accepted";
}

TEST(Gguf, RefusesBadFilesAndOpensGoodOnes) {
  REQUIRE_TEST_DATA(folder, "gguf_malformed");
  int bad = 0, good = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("bad_")) {
      ++bad;
      EXPECT_THROW(GgufFile::open(entry.path()), ModelFileError) << name;
    } else if (name.starts_with("ok_")) {
      ++good;
      EXPECT_NO_THROW(GgufFile::open(entry.path())) << name;
    }
  }
  EXPECT_EQ(bad, 26);
  EXPECT_EQ(good, 7);
}

/// Two keys and a 3 × 2 f32 tensor.
std::string small_file() {
  Bytes b;
  b.header(1, 3).text("name").number(uint32_t{8}).text("tiny");
  b.text("size").number(uint32_t{4}).number(uint32_t{7});
  b.text("list").number(uint32_t{9}).number(uint32_t{5}).number(uint64_t{2}).number(int32_t{-1}).number(int32_t{5});
  b.text("w").number(uint32_t{2}).number(int64_t{3}).number(int64_t{2}).number(uint32_t{0}).number(uint64_t{0});
  b.pad(32);
  for (int i = 0; i < 6; ++i) b.number(static_cast<float>(i));
  return b.pad(32).bytes();
}

TEST(Gguf, ReadsMetadataAndTensors) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder.path() / "model.gguf";
  std::ofstream(path, std::ios::binary) << small_file();
  const auto file = GgufFile::open(path);
  const Metadata& m = file->metadata();
  EXPECT_EQ(m.keys(), (std::vector<std::string_view>{"name", "size", "list"}));
  EXPECT_EQ(m.text("name"), "tiny");
  EXPECT_EQ(m.integer("size"), 7);
  EXPECT_EQ(m.number("size"), 7.0);
  EXPECT_EQ(m.array("list").as_integers(), (std::vector<int64_t>{-1, 5}));
  EXPECT_EQ(m.array("list").as_floats(), (std::vector<float>{-1, 5}));
  EXPECT_EQ(m.text_or("none", "x"), "x");
  EXPECT_THROW(m.text("none"), ModelFileError);
  EXPECT_THROW(m.integer("name"), ModelFileError);
  const TensorInfo* tensor = file->find_tensor("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->view().rows, 2);
  EXPECT_EQ(tensor->view().cols, 3);
  EXPECT_EQ(tensor->view().row(1)[2], 5.0f);
  EXPECT_EQ(file->find_tensor("none"), nullptr);
}

TEST(Gguf, SaysWhatIsWrongInOneLine) {
  EXPECT_THAT(refusal("# A text file\nnamed .gguf\n"), HasSubstr("not a GGUF model file"));
  EXPECT_THAT(refusal(""), HasSubstr("not a GGUF model file"));
  EXPECT_THAT(refusal(Bytes().header(uint64_t{1} << 60, 0).bytes()), HasSubstr("cannot lie in"));
  EXPECT_THAT(refusal(Bytes().header(0, 1).text("k").number(uint32_t{8}).number(~uint64_t{0}).bytes()),
              HasSubstr("truncated"));
  EXPECT_THAT(refusal(Bytes().header(0, 1).text("a\nb").number(uint32_t{77}).bytes()), HasSubstr("'a?b'"));
  EXPECT_THROW(GgufFile::open("/nonexistent/model.gguf"), ModelFileError);
  EXPECT_THROW(GgufFile::open("/"), ModelFileError);
}

TEST(Gguf, EveryTruncationIsRefused) {
  const std::string whole = small_file();
  ASSERT_EQ(refusal(whole), "accepted");
  const size_t data_start = whole.size() - 32;
  for (size_t size = 0; size < whole.size(); ++size) {
    if (size == data_start) continue;  // a description without data is a legal file
    EXPECT_NE(refusal(whole.substr(0, size)), "accepted") << size;
  }
}

TEST(Gguf, EveryFlippedByteIsReadSafely) {
  const std::string whole = small_file();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit : {0, 3, 7}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      refusal(changed);  // either opens or throws ModelFileError
    }
  }
}

}  // namespace
}  // namespace deskhand
