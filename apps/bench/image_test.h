#pragma once
// deskhand bench --image: how long the eyes of a model take for a picture.
//
//   ImageTest test(*open_eyes_file(path), text_width, make_cpu_backend({.threads = 2}));
//   ImageTimes times = test.run({1920, 1080}, 3, stop);        // the best of three
//
// Errors: those of open_encoder; NotEnoughMemory, before anything is loaded; ImageError for a picture of a size that
// the eyes refuse.

#include <memory>
#include <stop_token>

#include "vision/encoder.h"
#include "vision/eyes_file.h"

namespace deskhand {

struct ImageTimes {
  PictureCost cost;
  double prepare_seconds = 0;  ///< resizing, cutting, normalising
  double encode_seconds = 0;   ///< the rest; both 0 when stopped
};

class ImageTest {
 public:
  ImageTest(EyesFile eyes, int64_t text_width, std::unique_ptr<Backend> backend);
  ImageTimes run(PictureSize size, int repeats, std::stop_token stop);
  const std::filesystem::path& path() const { return eyes_.file->path(); }
  bool is_quantised() const { return eyes_summary(eyes_).quantised; }

 private:
  EyesFile eyes_;
  std::unique_ptr<Backend> backend_;
  int64_t text_width_;
};

}  // namespace deskhand
