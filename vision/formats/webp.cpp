#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "vision/formats/format.h"

namespace deskhand {
namespace {

bool matches(std::span<const uint8_t> bytes) {
  return starts_with(bytes, "RIFF") && starts_with(bytes, "WEBP", 8);
}

int orientation_of(std::span<const uint8_t> bytes) {
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> demuxer(WebPDemux(&data), WebPDemuxDelete);
  WebPChunkIterator chunk{};
  if (demuxer == nullptr || WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) == 0) return 1;
  std::span<const uint8_t> block(chunk.chunk.bytes, chunk.chunk.size);
  if (starts_with(block, {"Exif\0\0", 6})) block = block.subspan(6);
  const int orientation = exif_orientation(block);
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

/// The first frame, on the animation's canvas.
void decode_animation(std::span<const uint8_t> bytes, Picture& picture) {
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, void (*)(WebPAnimDecoder*)> decoder(WebPAnimDecoderNew(&data, nullptr),
                                                                             WebPAnimDecoderDelete);
  WebPAnimInfo info{};
  uint8_t* pixels = nullptr;
  int time = 0;
  const bool decoded = decoder != nullptr && WebPAnimDecoderGetInfo(decoder.get(), &info) != 0 &&
                       info.canvas_width == static_cast<uint32_t>(picture.width) &&
                       info.canvas_height == static_cast<uint32_t>(picture.height) &&
                       WebPAnimDecoderGetNext(decoder.get(), &pixels, &time) != 0;
  if (!decoded) throw ImageError("WebP: the first frame of the animation is damaged");
  std::copy_n(pixels, picture.data.size(), picture.data.begin());
}

Picture decode(std::span<const uint8_t> bytes, const ImageLimits& limits) {
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) {
    throw ImageError("WebP: the header is damaged or the file ends too early");
  }
  check_size("WebP", features.width, features.height, limits);
  Picture picture = make_picture(features.width, features.height, 4);
  if (features.has_animation != 0) {
    decode_animation(bytes, picture);
  } else if (WebPDecodeRGBAInto(bytes.data(), bytes.size(), picture.data.data(), picture.data.size(),
                                4 * picture.width) == nullptr) {
    throw ImageError("WebP: the data are damaged or the file ends too early");
  }
  picture.orientation = orientation_of(bytes);
  return picture;
}

}  // namespace

extern const ImageFormat image_format_webp{"WebP", matches, decode};

}  // namespace deskhand
