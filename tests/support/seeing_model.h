#pragma once
// A tiny random model with eyes that whole programs can open: the fixture's weights, a tokenizer of single bytes and a
// chat template with places for pictures.
//
//   testing::write_seeing_model(folder.path());      // then: deskhand ask -m FOLDER -i picture.png "What?"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace deskhand::testing {

/// The character that byte-level vocabularies have for a byte.
inline std::string byte_character(int byte) {
  const auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  int code = byte;
  if (!printable(byte)) {
    code = 256;
    for (int b = 0; b < byte; ++b) code += printable(b) ? 0 : 1;
  }
  if (code < 128) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))};
}

/// The first so many bytes are tokens from 20 on; `specials` have the ids before.
inline std::string byte_tokenizer(int bytes, const std::vector<std::pair<int, const char*>>& specials) {
  using nlohmann::json;
  constexpr int first_byte = 20;
  json vocabulary = json::object(), added = json::array();
  for (int byte = 0; byte < bytes; ++byte) vocabulary[byte_character(byte)] = first_byte + byte;
  for (const auto& [id, text] : specials) {
    added.push_back({{"id", id},
                     {"content", text},
                     {"special", true},
                     {"normalized", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"single_word", false}});
  }
  const json split = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  return json{{"version", "1.0"},
              {"added_tokens", added},
              {"normalizer", nullptr},
              {"pre_tokenizer", split},
              {"post_processor", nullptr},
              {"decoder", split},
              {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array()}}}}
      .dump();
}

/// ChatML with lists of parts.
inline constexpr const char* seeing_template =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
    "{% if p.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ p.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

inline void copy_checkpoint(const std::filesystem::path& fixture, const std::filesystem::path& folder) {
  for (const char* name : {"config.json", "model.safetensors", "preprocessor_config.json", "generation_config.json"}) {
    std::filesystem::copy_file(fixture / name, folder / name, std::filesystem::copy_options::overwrite_existing);
  }
}

inline void write_seeing_model(const std::filesystem::path& folder,
                               const std::string& chat_template = seeing_template) {
  copy_checkpoint("tests/vision/fixtures/qwen35", folder);
  std::ofstream(folder / "tokenizer.json") << byte_tokenizer(256, {{0, "<|endoftext|>"},
                                                                   {1, "<|im_start|>"},
                                                                   {2, "<|im_end|>"},
                                                                   {10, "<|vision_start|>"},
                                                                   {11, "<|vision_end|>"},
                                                                   {12, "<|image_pad|>"},
                                                                   {13, "<|video_pad|>"}});
  std::ofstream(folder / "chat_template.jinja") << chat_template;
}

/// Of Llama 3.2 Vision, whose layers attend to the picture. Its vocabulary has room for ASCII alone.
inline void write_attending_model(const std::filesystem::path& folder) {
  copy_checkpoint("tests/vision/fixtures/mllama", folder);
  std::ofstream(folder / "tokenizer.json")
      << byte_tokenizer(128, {{0, "<|pad|>"}, {1, "<|begin_of_text|>"}, {2, "<|eot_id|>"}, {12, "<|image|>"}});
  std::ofstream(folder / "chat_template.jinja")
      << "<|begin_of_text|>{% for m in messages %}{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}"
         "{% for p in m.content %}{% if p.type == 'image' %}<|image|>{% else %}{{ p.text }}{% endif %}{% endfor %}"
         "{% endif %}<|eot_id|>{% endfor %}{% if add_generation_prompt %}assistant\n{% endif %}";
}

}  // namespace deskhand::testing
