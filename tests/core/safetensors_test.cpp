#include "core/safetensors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/safetensors_writer.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::safetensors_bytes;
using testing::write_safetensors;

std::string tensor(const std::string& name, const std::string& type, const std::string& shape,
                   const std::string& offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{}]}})", name, type, shape, offsets);
}

std::string braced(const std::string& inner) {
  std::string out("{");
  return out.append(inner).append("}");
}

std::string refusal(const fs::path& path) {
  try {
    fs::is_directory(path) ? Safetensors::open_directory(path) : Safetensors::open(path);
  } catch (const ModelFileError& error) {
    return error.what();
  }
  return "opened";
}

class SafetensorsFiles : public ::testing::Test {
 protected:
  std::string opening(const std::string& bytes) {
    const fs::path path = folder_.path() / "model.safetensors";
    std::ofstream(path, std::ios::binary) << bytes;
    return refusal(path);
  }
  std::string opening(const std::string& header, size_t data) {
    return opening(safetensors_bytes(header, std::string(data, '\1')));
  }
  const fs::path& folder() const { return folder_.path(); }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(SafetensorsFiles, TensorsAreNamedShapedAndPlaced) {
  const fs::path path = folder() / "good.safetensors";
  write_safetensors(path,
                    braced(tensor("b", "BF16", "2,3", "4,16") + "," + tensor("a\\u00e9", "F32", "", "0,4") + "," +
                           tensor("five", "F16", "2,1,3,1,2", "16,40") + "," + tensor("none", "F32", "7,0", "40,40") +
                           R"(,"__metadata__":{"format":"pt","any":"thing"})") +
                        "   ",
                    std::string("\0\0\x80\x3f", 4) + std::string(36, 'x'));
  const Safetensors file = Safetensors::open(path);
  ASSERT_EQ(file.tensors().size(), 4u);
  const TensorInfo& b = file.tensors()[0];
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(b.type, DType::bf16);
  EXPECT_EQ(b.view().rows, 2);
  EXPECT_EQ(b.view().cols, 3);
  EXPECT_EQ(b.bytes, 12u);
  const TensorInfo& a = file.tensors()[1];
  EXPECT_EQ(a.name, "aé");
  float one = 0;
  std::memcpy(&one, a.data, sizeof(one));
  EXPECT_EQ(one, 1.0f);
  EXPECT_EQ(b.data, a.data + 4);
  const TensorInfo& five = file.tensors()[2];
  EXPECT_EQ(five.dimensions, 4u);
  EXPECT_THAT(five.shape, ::testing::ElementsAre(2, 1, 3, 2));
  EXPECT_EQ(file.tensors()[3].bytes, 0u);
  EXPECT_EQ(opening("{}", 0), "opened");
}

// What is wrong with a header or with what it says about the data.
TEST_F(SafetensorsFiles, MalformedHeadersAreRefused) {
  const std::string good = tensor("a", "F32", "2", "0,8");
  struct {
    std::string header;
    size_t data;
    const char* message;
  } const cases[] = {
      {"[]", 0, "must begin with '{'"},
      {" {}", 0, "must begin with '{'"},
      {"{", 0, "no JSON"},
      {"{} x", 0, "no JSON"},
      {braced(good + ","), 8, "no JSON"},
      {std::string("{\"\xff\":1}"), 0, "no JSON"},
      {R"({"a":1})", 0, "a number"},
      {R"({"a":"F32"})", 0, "a string"},
      {R"({"a":null})", 0, "null"},
      {R"({"a":[]})", 0, "a list"},
      {R"({"a":{}})", 0, "no dtype"},
      {R"({"a":{"dtype":"F32","shape":[]}})", 0, "no data_offsets"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4, "no shape"},
      {R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0]}})", 4, "1 data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,2,4]}})", 4, "3 data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":"y"}})", 4, "a string stands under 'x'"},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}})", 4, "'dtype' twice"},
      {R"({"a":{"dtype":7,"shape":[],"data_offsets":[0,4]}})", 4, "a number stands under 'dtype'"},
      {R"({"a":{"dtype":"F32","shape":{},"data_offsets":[0,4]}})", 4, "an object"},
      {R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", 4, "a list"},
      {R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", 4, "a string"},
      {R"({"__metadata__":{"a":{}}})", 0, "an object"},
      {R"({"__metadata__":{"a":1}})", 0, "a number"},
      {braced(good + "," + good), 8, "'a' appears twice"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4, "more than 8 axes"},
      {braced(tensor("a", "F32", "-2", "0,8")), 8, "negative"},
      {braced(tensor("a", "F32", "2.0", "0,8")), 8, "no count"},
      {braced(tensor("a", "F32", "1e1", "0,8")), 8, "no count"},
      {braced(tensor("a", "F32", "18446744073709551616", "0,8")), 8, "no count"},
      {braced(tensor("a", "F32", "18446744073709551615", "0,8")), 8, "larger than any file"},
      {braced(tensor("a", "F32", "4294967296,4294967296", "0,8")), 8, "larger than any file"},
      {braced(tensor("a", "F32", "4611686018427387904", "0,0")), 0, "larger than any file"},
      {braced(tensor("a", "F32", "0,4294967296,4294967296", "0,0")), 0, "larger than any file"},
      {braced(tensor("a", "F8_E4M3", "8", "0,8")), 8, "'F8_E4M3', expected F32, F16 or BF16"},
      {braced(tensor("a", "U8", "8", "0,8")), 8, "'U8'"},
      {braced(tensor("a", "f32", "2", "0,8")), 8, "'f32'"},
      {braced(tensor("a", "F32", "2", "0,4")), 4, "must have 8 bytes"},
      {braced(tensor("a", "F32", "2", "8,0")), 8, "must have 8 bytes"},
      {braced(tensor("a", "F32", "2", "18446744073709551608,0")), 8, "must have 8 bytes"},
      {braced(tensor("a", "F32", "2", "4,12")), 12, "must begin at byte 0"},
      {braced(good + "," + tensor("b", "F32", "2", "12,20")), 20, "'b' must begin at byte 8"},
      {braced(good + "," + tensor("b", "F32", "2", "4,12")), 12, "'b' must begin at byte 8"},
      {braced(good + "," + tensor("b", "F32", "2", "0,8")), 8, "'b' must begin at byte 8"},
      {braced(good), 7, "the file at 7"},
      {braced(good), 9, "the file at 9"},
      {braced(tensor("a", "F32", "2", "18446744073709551600,18446744073709551608")), 8, "must begin at byte 0"},
  };
  for (const auto& c : cases) EXPECT_THAT(opening(c.header, c.data), HasSubstr(c.message)) << c.header;
}

TEST_F(SafetensorsFiles, TheHeadersLengthIsChecked) {
  EXPECT_THAT(opening(""), HasSubstr("no safetensors file"));
  EXPECT_THAT(opening(std::string(7, '\0')), HasSubstr("no safetensors file"));
  EXPECT_THAT(opening(std::string(8, '\0')), HasSubstr("must begin with '{'"));
  EXPECT_THAT(opening(std::string(8, '\xff')), HasSubstr("at most 100000000"));
  const std::string whole = safetensors_bytes("{}", "");
  EXPECT_THAT(opening(whole.substr(0, 9)), HasSubstr("truncated"));
  std::string longest = whole;
  longest[3] = '\x05';  // 83,886,082 bytes of header
  EXPECT_THAT(opening(longest), HasSubstr("truncated"));
  EXPECT_THAT(refusal(folder() / "absent.safetensors"), HasSubstr("absent.safetensors"));
}

class Shards : public ::testing::Test {
 protected:
  void SetUp() override {
    write_safetensors(folder() / "one.safetensors", braced(tensor("a", "F32", "1", "0,4")), "aaaa");
    write_safetensors(folder() / "two.safetensors", braced(tensor("b", "F32", "1", "0,4")), "bbbb");
  }
  std::string opening(const std::string& index) {
    std::ofstream(folder() / "model.safetensors.index.json") << index;
    return refusal(folder());
  }
  std::string mapping(const std::string& map) {
    return opening(fmt::format(R"({{"metadata":{{}},"weight_map":{{{}}}}})", map));
  }
  const fs::path& folder() const { return folder_.path(); }

 private:
  testing::TemporaryFolder folder_;
};

TEST_F(Shards, AllFilesOfTheIndexAreRead) {
  EXPECT_EQ(mapping(R"("a":"one.safetensors","b":"two.safetensors")"), "opened");
  const Safetensors all = Safetensors::open_directory(folder());
  ASSERT_EQ(all.tensors().size(), 2u);
  EXPECT_EQ(std::memcmp(all.tensors()[1].data, "bbbb", 4), 0);
  fs::rename(folder() / "two.safetensors", folder() / "blob");
  fs::create_symlink("blob", folder() / "two.safetensors");  // how the hub's cache keeps them
  EXPECT_EQ(refusal(folder()), "opened");
}

TEST_F(Shards, MalformedIndexesAreRefused) {
  EXPECT_THAT(refusal(folder()), HasSubstr("has neither"));
  EXPECT_THAT(opening("{}"), HasSubstr("weight_map"));
  EXPECT_THAT(opening("[]"), HasSubstr("weight_map"));
  EXPECT_THAT(opening("{"), HasSubstr("no JSON"));
  EXPECT_THAT(opening(R"({"weight_map":[]})"), HasSubstr("weight_map"));
  EXPECT_THAT(mapping(""), HasSubstr("weight_map"));
  EXPECT_THAT(mapping(R"("a":"one.safetensors","a":"two.safetensors")"), HasSubstr("'a' appears twice"));
  EXPECT_THAT(mapping(R"("a":1)"), HasSubstr("not in a value"));
  for (const char* file : {"../one.safetensors", "/etc/one.safetensors", "x/one.safetensors", "..\\\\one.safetensors",
                           "one.bin", "", "..", ".safetensors", "one.safetensors\\u0000", "x\\u0000.safetensors"}) {
    EXPECT_THAT(mapping(fmt::format(R"("a":"{}")", file)), HasSubstr("must lie in a .safetensors file"));
  }
  EXPECT_THAT(mapping(R"("a":"three.safetensors")"), HasSubstr("three.safetensors"));
  EXPECT_THAT(mapping(R"("a":"one.safetensors","b":"one.safetensors")"), HasSubstr("'b' is not in one.safetensors"));
  EXPECT_THAT(mapping(R"("c":"one.safetensors")"), HasSubstr("not where the index says"));
  EXPECT_THAT(mapping(R"("a":"two.safetensors","b":"two.safetensors")"), HasSubstr("'a' is not in two.safetensors"));
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += R"({"a":)";
  EXPECT_THAT(opening(deep), HasSubstr("nests deeper"));
  write_safetensors(folder() / "two.safetensors", braced(tensor("a", "F32", "1", "0,4")), "bbbb");
  EXPECT_THAT(mapping(R"("a":"one.safetensors","b":"two.safetensors")"), HasSubstr("'a' is not where the index says"));
}

}  // namespace
}  // namespace deskhand
