#include "vision/multimodal.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "core/prompt.h"
#include "platform/digest.h"

namespace deskhand {
namespace {

std::string digest_of(const Image& image) {
  Digest digest(Digest::Kind::sha256);
  digest.add(fmt::format("{}×{}×{} ", image.width, image.height, image.channels));
  digest.add({reinterpret_cast<const char*>(image.data.data()), image.data.size()});
  return digest.hex();
}

int64_t count_of(std::string_view mark, std::string_view text) {
  int64_t count = 0;
  for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + mark.size())) ++count;
  return count;
}

size_t bytes_of(const ImageFeatures& features) {
  const auto views = static_cast<int64_t>(features.addends.size()) + 1;
  return static_cast<size_t>(views * features.rows.rows * features.rows.cols) * sizeof(float);
}

}  // namespace

/// A picture that was in a prompt.
class Multimodal::Seen final : public PromptImage, public std::enable_shared_from_this<Seen> {
 public:
  Seen(Multimodal& eyes, std::shared_ptr<const Image> picture, int32_t first)
      : eyes_(eyes),
        image_(std::move(picture)),
        first_id_(first),
        layout_(eyes.encoder_->layout(image_->width, image_->height)) {}

  int32_t first_id() const override { return first_id_; }
  const ImageLayout& layout() const { return layout_; }

  std::shared_ptr<const ImageFeatures> features(std::stop_token stop) override {
    std::shared_ptr<const ImageFeatures> held;
    {
      const std::scoped_lock lock(mutex_);
      held = features_.lock();
      if (!held) {
        held = std::make_shared<const ImageFeatures>(eyes_.encode(*image_, stop));
        if (held->rows.rows == 0) return nullptr;
        features_ = held;
      }
    }
    eyes_.keep({shared_from_this(), held});
    return held;
  }

 private:
  Multimodal& eyes_;
  std::shared_ptr<const Image> image_;
  int32_t first_id_;
  ImageLayout layout_;
  std::mutex mutex_;  // of the features
  std::weak_ptr<const ImageFeatures> features_;
};

Multimodal::Multimodal(const Tokenizer& tokenizer, std::unique_ptr<ImageEncoder> encoder, size_t budget)
    : tokenizer_(tokenizer), encoder_(std::move(encoder)), budget_(budget) {}

int64_t Multimodal::encoded() const {
  const std::scoped_lock lock(mutex_);
  return encoded_;
}

double Multimodal::seconds() const {
  const std::scoped_lock lock(mutex_);
  return seconds_;
}

ImageFeatures Multimodal::encode(const Image& image, std::stop_token stop) {
  const std::scoped_lock work(encoding_);
  const auto start = std::chrono::steady_clock::now();
  ImageFeatures features = encoder_->encode(image, stop);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const std::scoped_lock lock(mutex_);
  if (features.rows.rows > 0) ++encoded_;
  seconds_ += took.count();
  return features;
}

void Multimodal::keep(Kept latest) {
  const std::scoped_lock lock(mutex_);
  kept_.remove_if([&](const Kept& one) { return one.seen == latest.seen; });
  kept_.push_back(std::move(latest));
  size_t bytes = 0;
  for (const Kept& one : kept_) bytes += bytes_of(*one.features);
  while (bytes > budget_ && kept_.size() > 1) {
    bytes -= bytes_of(*kept_.front().features);
    kept_.pop_front();
  }
}

std::shared_ptr<Multimodal::Seen> Multimodal::look(std::shared_ptr<const Image> image) {
  const std::string digest = digest_of(*image);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = seen_[digest].lock()) return known;
  }
  const int64_t rows = encoder_->layout(image->width, image->height).rows;
  const auto fresh = std::make_shared<Seen>(*this, std::move(image), ids_.first_id(digest, rows));
  const std::scoped_lock lock(mutex_);
  std::erase_if(seen_, [](const auto& entry) { return entry.second.expired(); });
  seen_[digest] = fresh;
  return fresh;
}

std::string Multimodal::render(const ChatTemplate& chat, nlohmann::ordered_json variables) const {
  const auto images = [](const nlohmann::ordered_json& part) { return part.value("type", "") == "image"; };
  int64_t expected = 0;
  for (const auto& message : variables["messages"]) {
    if (message["content"].is_array()) {
      expected += std::count_if(message["content"].begin(), message["content"].end(), images);
    }
  }
  if (expected == 0) return chat.render(variables);
  try {
    std::string text = chat.render(variables);
    if (count_of(encoder_->placeholder(), text) == expected) return text;
  } catch (const TemplateError&) {
    // A template for text alone, which does not expect a list.
  }
  for (auto& message : variables["messages"]) {
    if (!message["content"].is_array()) continue;
    std::string text;
    for (const auto& part : message["content"]) {
      text += images(part) ? std::string(encoder_->placeholder()) : part.value("text", "");
    }
    message["content"] = text;
  }
  return chat.render(variables);
}

int32_t Multimodal::placeholder_id() const {
  const int32_t id = tokenizer_.find(encoder_->placeholder());
  if (id < 0) throw ModelFileError(fmt::format("the tokenizer has no token '{}'", encoder_->placeholder()));
  return id;
}

ImagePrompt Multimodal::prompt(std::string_view rendered, std::span<const std::shared_ptr<const Image>> images) {
  const std::string_view mark = encoder_->placeholder();
  ImagePrompt out;
  std::string text;  // before the next rows
  bool begins = true;
  const auto end_text = [&] {
    const std::vector<int32_t> ids = begins ? rendered_prompt_ids(tokenizer_, text) : continued_ids(tokenizer_, text);
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    text.clear();
    begins = false;
  };
  size_t at = 0, used = 0;
  for (size_t next = rendered.find(mark); next != std::string_view::npos; next = rendered.find(mark, at)) {
    text += rendered.substr(at, next - at);
    at = next + mark.size();
    if (used++ >= images.size()) continue;  // counted below
    const std::shared_ptr<Seen> seen = look(images[used - 1]);
    int64_t first = 0;
    for (const ImageLayout::Piece& piece : seen->layout().pieces) {
      text += piece.text;
      if (piece.rows == 0) continue;
      end_text();
      const ImageSpan span{.begin = static_cast<int64_t>(out.ids.size()),
                           .rows = piece.rows,
                           .image = seen,
                           .first = first,
                           .height = piece.height,
                           .width = piece.width,
                           .sees = encoder_->rows_see(),
                           .token = piece.shown_tiles > 0 ? placeholder_id() : -1,
                           .shown_tiles = piece.shown_tiles};
      for (int64_t row = 0; row < piece.rows; ++row) out.ids.push_back(span.id(span.begin + row));
      first += piece.rows;
      out.images.add(span);
    }
    out.image_rows += first;
  }
  if (used != images.size()) {
    throw std::invalid_argument(
        fmt::format("the chat template has places for {} pictures, expected {}", used, images.size()));
  }
  text += rendered.substr(at);
  end_text();
  return out;
}

}  // namespace deskhand
