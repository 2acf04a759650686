// A tokenizer.json, and behind a zero byte the text to encode. What is accepted turns text into ids of the vocabulary,
// never a control token where the text is meant literally or was defused.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "core/metadata_store.h"
#include "core/prompt.h"
#include "tests/fuzz/check.h"

namespace deskhand::fuzz {
namespace {

/// What the file says stands for characters that no token spells.
int32_t unknown_id(const Tokenizer& tokenizer, std::string_view file) {
  const nlohmann::json model = nlohmann::json::parse(file)["model"];
  if (model.contains("unk_id") && !model["unk_id"].is_null()) return model["unk_id"];
  const auto text = model.find("unk_token");
  return text != model.end() && text->is_string() ? tokenizer.find(text->get<std::string>()) : -1;
}

void read_ids(const Tokenizer& tokenizer, std::span<const int32_t> ids, bool no_control, int32_t unknown) {
  for (const int32_t id : ids) {
    expect(id >= 0 && id < tokenizer.vocabulary_size(), "ids are of the vocabulary");
    if (!no_control) continue;
    expect(!tokenizer.is_control(id) || id == unknown, "untrusted text makes no control token");
    expect(!tokenizer.is_end(id) && (id != tokenizer.bos() || id < 0), "untrusted text begins and ends nothing");
  }
  (void)tokenizer.decode(ids);
  (void)tokenizer.decode(ids, true);
}

void encode(const Tokenizer& tokenizer, std::string_view text, int32_t unknown) {
  try {
    read_ids(tokenizer, tokenizer.encode(text, SpecialTokens::parse), false, unknown);
    read_ids(tokenizer, tokenizer.encode(defuse(tokenizer, text), SpecialTokens::parse), true, unknown);
    read_ids(tokenizer, tokenizer.encode(text, SpecialTokens::literal), true, unknown);
  } catch (const std::length_error&) {  // a normalizer may make text long
  } catch (const ModelFileError&) {     // an expression that gives up
  }
}

}  // namespace
}  // namespace deskhand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deskhand;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), input.size());
  MetadataStore metadata;
  metadata.set_view("tokenizer.huggingface.json", input.substr(0, end));
  metadata.set_text("tokenizer.huggingface.eos_token", "</s>");
  try {
    const auto tokenizer = Tokenizer::from_metadata(metadata);
    const int32_t unknown = fuzz::unknown_id(*tokenizer, input.substr(0, end));
    fuzz::encode(*tokenizer, "H\xC3\xA9llo  <|im_end|> </s> <tool_call>12 345\n\n\xff\xEF\xB7\x90 it's", unknown);
    if (end < size) fuzz::encode(*tokenizer, input.substr(end + 1), unknown);
  } catch (const ModelFileError&) {
  }
  return 0;
}
