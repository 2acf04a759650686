#include "vision/image_io.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "tests/support/test_data.h"
#include "tests/vision/checksum.h"

namespace deskhand {
namespace {

const std::filesystem::path folder = "tests/vision/fixtures/images";

struct Fixture {
  std::string name;
  int width = 0, height = 0;
  uint32_t crc = 0;
};

std::vector<Fixture> fixtures() {
  std::ifstream file(folder / "expected.txt");
  std::vector<Fixture> all;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    Fixture f;
    std::istringstream(line) >> f.name >> f.width >> f.height >> std::hex >> f.crc;
    all.push_back(f);
  }
  return all;
}

std::vector<uint8_t> bytes_of(const std::filesystem::path& path) {
  const std::string text = testing::read_file(path);
  return {text.begin(), text.end()};
}

Image gradient(int width, int height, int channels = 3) {
  Image image(width, height, channels);
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<uint8_t>(i * 7 + i / 100);
  return image;
}

std::string error_of(std::span<const uint8_t> bytes, const ImageLimits& limits = {}) {
  try {
    decode_image(bytes, limits);
  } catch (const ImageError& e) {
    return e.what();
  }
  return "";
}

TEST(DecodeImage, SeesEveryFormatAsPillowDoes) {
  const auto all = fixtures();
  EXPECT_EQ(all.size(), 34U);
  for (const Fixture& f : all) {
    const Image image = read_image(folder / f.name);
    EXPECT_EQ(image.width, f.width) << f.name;
    EXPECT_EQ(image.height, f.height) << f.name;
    EXPECT_EQ(image.channels, 3) << f.name;
    EXPECT_EQ(testing::crc32(image.data), f.crc) << f.name;
  }
}

TEST(DecodeImage, SixteenBitsKeepTheirHighByte) {
  // 2×1 grey of 16 bits: 0x1234, 0xfedc.
  const Image image = read_image(folder / "grey16.png");
  ASSERT_EQ(image.width, 2);
  EXPECT_EQ(image.pixel(0, 0)[0], 0x12);
  EXPECT_EQ(image.pixel(1, 0)[2], 0xfe);
}

TEST(DecodeImage, AShortenedFileIsAnErrorOrAPicture) {
  for (const Fixture& f : fixtures()) {
    const std::vector<uint8_t> whole = bytes_of(folder / f.name);
    for (size_t size = 0; size + 1 < whole.size(); size += 1 + whole.size() / 64) {
      try {
        const Image image = decode_image(std::span(whole).first(size));
        EXPECT_EQ(image.width, f.width) << f.name << " cut to " << size;
      } catch (const ImageError& e) {
        EXPECT_STRNE(e.what(), "");
      }
    }
  }
}

TEST(DecodeImage, DamagedFilesNeverCrash) {
  std::mt19937 random(7);
  const ImageLimits limits{.max_pixels = 1 << 20};
  for (const Fixture& f : fixtures()) {
    const std::vector<uint8_t> whole = bytes_of(folder / f.name);
    for (int round = 0; round < 60; ++round) {
      std::vector<uint8_t> bytes = whole;
      for (int k = 0; k < 4; ++k) bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
      try {
        const Image image = decode_image(bytes, limits);
        EXPECT_EQ(image.data.size(), size_t(image.width) * image.height * 3);
      } catch (const ImageError&) {
      }
    }
  }
}

TEST(DecodeImage, AHeaderOfGiganticSizeIsRefusedBeforeDecoding) {
  std::vector<uint8_t> png = encode_png(gradient(8, 8));
  EXPECT_NE(error_of(png, {.max_pixels = 63}).find("8×8"), std::string::npos);
  EXPECT_NE(error_of(png, {.max_side = 7}), "");
  EXPECT_EQ(error_of(png, {.max_pixels = 64}), "");
  const std::string ppm = "P6 30000 30000 255\n";
  EXPECT_NE(error_of({reinterpret_cast<const uint8_t*>(ppm.data()), ppm.size()}).find("30000×30000"),
            std::string::npos);
}

TEST(DecodeImage, SaysWhatItExpected) {
  const std::string text = "hello, this is text";
  const std::span<const uint8_t> bytes{reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  EXPECT_NE(error_of(bytes).find("expected PNG, JPEG"), std::string::npos);
  EXPECT_NE(error_of(bytes, {.max_file_bytes = 10}).find("19 bytes, expected at most 10"), std::string::npos);
  EXPECT_NE(error_of({}), "");
}

TEST(ReadImage, NamesTheFile) {
  testing::TemporaryFolder temporary;
  for (const std::filesystem::path& path : {temporary.path() / "none.png", temporary.path()}) {
    try {
      read_image(path);
      FAIL() << path;
    } catch (const ImageError& e) {
      EXPECT_NE(std::string(e.what()).find(path.string()), std::string::npos);
    }
  }
}

TEST(EncodePng, ComesBackUnchanged) {
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 200}, {317, 5}}) {
    const Image image = gradient(width, height);
    EXPECT_EQ(decode_image(encode_png(image)), image);
  }
  const Image grey = gradient(19, 11, 1);
  const Image back = decode_image(encode_png(grey));
  for (int x = 0; x < 19; ++x) EXPECT_EQ(back.pixel(x, 10)[2], *grey.pixel(x, 10));
  EXPECT_THROW(encode_png(Image()), ImageError);
}

TEST(EncodePng, IsAFileThatReadImageReads) {
  testing::TemporaryFolder temporary;
  const Image image = gradient(20, 10);
  const std::vector<uint8_t> png = encode_png(image);
  std::ofstream(temporary.path() / "a.png", std::ios::binary)
      .write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
  EXPECT_EQ(read_image(temporary.path() / "a.png"), image);
}

TEST(ReadImage, RealScreensDecode) {
  REQUIRE_TEST_DATA(screens, "screens/images");
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(screens)) {
    if (++count > 6) break;
    const Image image = read_image(entry.path());
    EXPECT_GE(image.width, 640) << entry.path();
    EXPECT_GE(image.height, 480) << entry.path();
  }
}

}  // namespace
}  // namespace deskhand
