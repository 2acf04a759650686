#pragma once
// Prompts with pictures for a language model that has eyes.
//
//   Multimodal eyes(engine->tokenizer(), open_encoder("mmproj.gguf", *backend, engine->info().width));
//   std::string text = eyes.render(*chat, variables);            // "…<|vision_start|><|image_pad|><|vision_end|>…"
//   ImagePrompt prompt = eyes.prompt(text, images);
//   session->set_prompt(prompt.ids, stop, 0, prompt.images);
//
// Equal pictures have equal ids, so that one which a session has seen is neither encoded nor fed again. What was
// encoded is kept within a budget. For several threads at once.

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat_template/chat_template.h"
#include "core/tokenizer/tokenizer.h"
#include "vision/encoder.h"

namespace deskhand {

struct ImagePrompt {
  std::vector<int32_t> ids{};
  PromptImages images{};
  int64_t image_rows = 0;  ///< of the ids
};

class Multimodal {
 public:
  static constexpr size_t usual_budget = size_t{256} << 20;

  /// `budget`: bytes of encoded pictures that are kept beyond those being fed; the latest is kept in any case.
  Multimodal(const Tokenizer& tokenizer, std::unique_ptr<ImageEncoder> encoder, size_t budget = usual_budget);

  const ImageEncoder& encoder() const { return *encoder_; }
  /// The rendered template for messages whose content is a text or a list of {"type": "image"} and {"type": "text",
  /// "text"}. A template that knows no such lists gets placeholders inside the text. Throws TemplateError.
  std::string render(const ChatTemplate& chat, nlohmann::ordered_json variables) const;
  /// Ids of a rendered template, in which the encoder's placeholder stands for each picture in turn. Throws
  /// std::invalid_argument when there are more or fewer placeholders than pictures, ImageError for a picture that
  /// cannot be seen.
  ImagePrompt prompt(std::string_view rendered, std::span<const std::shared_ptr<const Image>> images);
  /// Pictures encoded so far, and the seconds that took.
  int64_t encoded() const;
  double seconds() const;

 private:
  class Seen;
  struct Kept {
    std::shared_ptr<Seen> seen;
    std::shared_ptr<const ImageFeatures> features;
  };

  int32_t placeholder_id() const;
  std::shared_ptr<Seen> look(std::shared_ptr<const Image> image);
  ImageFeatures encode(const Image& image, std::stop_token stop);
  void keep(Kept latest);

  const Tokenizer& tokenizer_;
  std::unique_ptr<ImageEncoder> encoder_;
  size_t budget_;
  ImageIds ids_;

  std::mutex encoding_;                              // of the encoder, which works on one picture at a time
  mutable std::mutex mutex_;                         // of what follows
  std::map<std::string, std::weak_ptr<Seen>> seen_;  // by digest
  std::list<Kept> kept_;                             // encoded; least recently used first
  int64_t encoded_ = 0;
  double seconds_ = 0;
};

}  // namespace deskhand
