// A GGUF file: opened whole or refused with ModelFileError; then all that it says is read, the tensors to their last
// byte, the model's shape and the tokenizer.

#include "core/gguf.h"

#include <span>
#include <variant>

#include "core/model_config.h"
#include "core/prompt.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/memory_path.h"

namespace deskhand::fuzz {
namespace {

size_t read_value(const MetadataValue& value) {
  const auto* array = std::get_if<MetadataArray>(&value);
  if (array == nullptr) return 1;
  if (array->data == nullptr) {
    size_t bytes = 0;
    for (const std::string_view text : array->strings) bytes += text.empty() ? 0 : 1 + (text.back() == '\0');
    return bytes;
  }
  try {
    return array->as_integers().size() + array->as_floats().size();
  } catch (const ModelFileError&) {
    return 0;
  }
}

void read_tensors(const ModelFile& file) {
  for (const TensorInfo& tensor : file.tensors()) {
    expect(file.find_tensor(tensor.name) != nullptr, "every tensor is found by its name");
    int64_t elements = 1;
    for (const int64_t side : tensor.shape) elements *= side;
    expect(elements >= 0, "shapes are not negative");
    if (tensor.bytes == 0 || tensor.data == nullptr) continue;  // a file may describe tensors without their data
    const volatile std::byte* bytes = tensor.data;
    (void)bytes[0];
    (void)bytes[tensor.bytes - 1];
    (void)tensor.view();
  }
}

void read_model(const Metadata& metadata) {
  try {
    (void)model_config(metadata);
  } catch (const ModelFileError&) {
  }
  try {
    const auto tokenizer = Tokenizer::from_metadata(metadata);
    for (int32_t id = 0; id < tokenizer->vocabulary_size(); ++id) (void)tokenizer->token_bytes(id);
    const auto ids = rendered_prompt_ids(*tokenizer, "Ünder <|im_end|> 12345 \n\n\xff a");
    (void)tokenizer->decode(ids);
  } catch (const ModelFileError&) {
  }
}

}  // namespace
}  // namespace deskhand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deskhand;
  const fuzz::MemoryPath path(std::span(data, size));
  try {
    const auto file = GgufFile::open(path.path());
    for (const std::string_view key : file->metadata().keys()) {
      const MetadataValue* value = file->metadata().find(key);
      fuzz::expect(value != nullptr, "every key has a value");
      (void)fuzz::read_value(*value);
    }
    fuzz::read_tensors(*file);
    fuzz::read_model(file->metadata());
  } catch (const ModelFileError&) {
  }
  return 0;
}
