// A safetensors file; or, when the input begins with '{', the index of a directory with one good shard.

#include "core/safetensors.h"

#include <fstream>
#include <span>

#include "tests/fuzz/check.h"
#include "tests/fuzz/memory_path.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/test_data.h"

namespace deskhand::fuzz {
namespace {

void read_all(const Safetensors& file) {
  for (const TensorInfo& tensor : file.tensors()) {
    if (tensor.bytes == 0) continue;
    const volatile std::byte* bytes = tensor.data;
    (void)bytes[0];
    (void)bytes[tensor.bytes - 1];
    int64_t elements = 1;
    for (const int64_t side : tensor.shape) elements *= side;
    expect(elements > 0, "a tensor with bytes has elements");
    expect(static_cast<uint64_t>(elements) <= 8 * tensor.bytes, "a tensor's elements fit its bytes");
  }
}

void read_index(std::span<const uint8_t> index) {
  static const testing::TemporaryFolder folder;
  const auto& path = folder.path();
  if (!std::filesystem::exists(path / "a.safetensors")) {
    testing::write_safetensors(path / "a.safetensors", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                               std::string(4, '\0'));
  }
  std::ofstream(path / "model.safetensors.index.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(index.data()), static_cast<std::streamsize>(index.size()));
  read_all(Safetensors::open_directory(path));
}

}  // namespace
}  // namespace deskhand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deskhand;
  try {
    if (size > 0 && data[0] == '{') {
      fuzz::read_index(std::span(data, size));
    } else {
      const fuzz::MemoryPath path(std::span(data, size));
      fuzz::read_all(Safetensors::open(path.path()));
    }
  } catch (const ModelFileError&) {
  }
  return 0;
}
