// A tokenizer.json, and behind a zero byte the text to encode. What is accepted turns text into ids of the vocabulary,
// never a control token where the text is meant literally or was defused.

#include <algorithm>
#include <span>
#include <string_view>

#include "core/metadata_store.h"
#include "core/prompt.h"
#include "tests/fuzz/check.h"

namespace deskhand::fuzz {
namespace {

void read_ids(const Tokenizer& tokenizer, std::span<const int32_t> ids, bool no_control) {
  const int32_t unknown = tokenizer.find("<unk>");
  for (const int32_t id : ids) {
    expect(id >= 0 && id < tokenizer.vocabulary_size(), "ids are of the vocabulary");
    // An unknown token stands for what the vocabulary cannot spell.
    expect(!no_control || !tokenizer.is_control(id) || id == unknown, "untrusted text makes no control token");
  }
  (void)tokenizer.decode(ids);
  (void)tokenizer.decode(ids, true);
}

void encode(const Tokenizer& tokenizer, std::string_view text) {
  try {
    read_ids(tokenizer, tokenizer.encode(text, SpecialTokens::parse), false);
    read_ids(tokenizer, tokenizer.encode(defuse(tokenizer, text), SpecialTokens::parse), true);
    read_ids(tokenizer, tokenizer.encode(text, SpecialTokens::literal), true);
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
    fuzz::encode(*tokenizer, "H\xC3\xA9llo  <|im_end|> </s> <tool_call>12 345\n\n\xff\xEF\xB7\x90 it's");
    if (end < size) fuzz::encode(*tokenizer, input.substr(end + 1));
  } catch (const ModelFileError&) {
  }
  return 0;
}
