#include "core/language_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/blocks.h"
#include "core/memory.h"

namespace deskhand {
namespace {
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

const std::filesystem::path tiny = "tests/core/fixtures/tiny_qwen2.gguf";

/// A model file with one more tensor, of a size that it only claims.
class Larger final : public ModelFile {
 public:
  Larger(std::shared_ptr<const ModelFile> file, size_t bytes, std::string_view name)
      : file_(std::move(file)), tensors_(file_->tensors().begin(), file_->tensors().end()) {
    TensorInfo claimed = tensors_.front();
    claimed.name = name;
    claimed.bytes = bytes;
    tensors_.push_back(claimed);
  }
  const std::filesystem::path& path() const override { return file_->path(); }
  const Metadata& metadata() const override { return file_->metadata(); }
  std::span<const TensorInfo> tensors() const override { return tensors_; }
  const TensorInfo* find_tensor(std::string_view name) const override { return file_->find_tensor(name); }

 private:
  std::shared_ptr<const ModelFile> file_;
  std::vector<TensorInfo> tensors_;
};

std::string refusal(size_t claimed_bytes, int64_t context, const std::filesystem::path& path = tiny,
                    std::string_view tensor = "blk.0.claimed.weight") {
  const auto backend = make_reference_backend();
  const auto file = std::make_shared<Larger>(ModelFile::open(path), claimed_bytes, tensor);
  try {
    LanguageModel(file, *backend, {.context = context});
  } catch (const NotEnoughMemory& error) {
    return error.what();
  } catch (const ModelFileError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(LanguageModel, TheContextIsTheTrainedOneOrTheOneAskedFor) {
  const auto backend = make_reference_backend();
  EXPECT_EQ(LanguageModel(ModelFile::open(tiny), *backend, {}).context(), 128);
  EXPECT_EQ(LanguageModel(ModelFile::open(tiny), *backend, {.context = 77}).context(), 77);
}

TEST(LanguageModel, AContextBeyondMemoryIsRefusedBeforeItIsTaken) {
  const std::string error = refusal(0, int64_t{1} << 40);
  EXPECT_THAT(error, HasSubstr("tiny_qwen2.gguf: "));
  EXPECT_THAT(error, HasSubstr("for a context of 1099511627776 tokens do not fit"));
  EXPECT_THAT(error, ContainsRegex("at most [1-9][0-9]* tokens fit"));
}

TEST(LanguageModel, WeightsAndContextMustFitTogether) {
  const auto backend = make_reference_backend();
  const size_t free = available_memory(), half = free / 2;
  const size_t per_token =
      kv_plan(model_config(ModelFile::open(tiny)->metadata()), DType::f16, *backend).bytes_per_token();
  const auto context = static_cast<int64_t>(half / per_token);
  EXPECT_THAT(refusal(0, context), HasSubstr("are not used by its family"));
  EXPECT_THAT(refusal(half, 100), HasSubstr("are not used by its family"));
  EXPECT_THAT(refusal(half, context), ContainsRegex("at most [1-9][0-9]* tokens fit"));
}

TEST(LanguageModel, LayersThatStayOnDiskNeedNoMemory) {
  const std::filesystem::path hybrid = "tests/core/fixtures/tiny_qwen35.gguf";
  const int64_t behind = model_config(ModelFile::open(hybrid)->metadata()).layers;
  const std::string name = "blk." + std::to_string(behind) + ".nextn.claimed.weight";
  EXPECT_EQ(refusal(available_memory(), 100, hybrid, name), "accepted");
}

TEST(LanguageModel, WeightsBeyondMemoryLeaveNoContext) {
  EXPECT_THAT(refusal(available_memory(), 0), HasSubstr("no context fits"));
}

}  // namespace
}  // namespace deskhand
