#include "core/gguf_writer.h"

#include <algorithm>

#include "kernels/check.h"
#include "kernels/half.h"

namespace deskhand {
namespace {

constexpr uint32_t type_u32 = 4, type_f32 = 6, type_bool = 7, type_string = 8, type_array = 9, type_i64 = 11;

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string& out, std::string_view text) {
  put(out, uint64_t{text.size()});
  out += text;
}

void put_integer(std::string& out, int64_t value) {
  if (value >= 0 && value <= UINT32_MAX) {
    put(out, type_u32);
    put(out, static_cast<uint32_t>(value));
  } else {
    put(out, type_i64);
    put(out, value);
  }
}

void put_array(std::string& out, const MetadataArray& array) {
  put(out, type_array);
  put(out, array.element_type);
  put(out, array.count);
  if (array.element_type == type_string) {
    for (const std::string_view text : array.strings) put_text(out, text);
    return;
  }
  constexpr size_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  out.append(reinterpret_cast<const char*>(array.data), array.count * bytes[array.element_type]);
}

void put_value(std::string& out, const MetadataValue& value) {
  if (const auto* array = std::get_if<MetadataArray>(&value)) return put_array(out, *array);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    put(out, type_string);
    return put_text(out, *text);
  }
  if (const auto* truth = std::get_if<bool>(&value)) {
    put(out, type_bool);
    return put(out, static_cast<uint8_t>(*truth));
  }
  if (const auto* number = std::get_if<double>(&value)) {
    put(out, type_f32);
    return put(out, static_cast<float>(*number));
  }
  if (const auto* whole = std::get_if<uint64_t>(&value)) return put_integer(out, static_cast<int64_t>(*whole));
  put_integer(out, std::get<int64_t>(value));
}

uint64_t aligned(uint64_t position, uint64_t alignment) {
  return (position + alignment - 1) / alignment * alignment;
}

uint64_t bytes_of(const TensorInfo& tensor) {
  return row_bytes(tensor.type, tensor.shape[0]) *
         static_cast<uint64_t>(tensor.shape[1] * tensor.shape[2] * tensor.shape[3]);
}

}  // namespace

GgufWriter::GgufWriter(std::filesystem::path path) : file_(std::move(path)) {}

std::string& GgufWriter::place_of(std::string_view key) {
  CHECK(!begun_, "'{}' comes after the first bytes of tensors", key);
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == key; });
  if (found != pairs_.end()) return found->second;
  return pairs_.emplace_back(std::string(key), std::string()).second;
}

void GgufWriter::copy(const GgufPair& pair) {
  place_of(pair.key).assign(reinterpret_cast<const char*>(pair.bytes.data()), pair.bytes.size());
  if (pair.key == "general.alignment") alignment_ = load_u32(pair.bytes.last(sizeof(uint32_t)).data());
}

void GgufWriter::set(std::string_view key, uint32_t value) {
  set(key, MetadataValue(uint64_t{value}));
}

void GgufWriter::set(std::string_view key, const MetadataValue& value) {
  std::string& place = place_of(key);
  place.clear();
  put_text(place, key);
  put_value(place, value);
}

void GgufWriter::declare(const TensorInfo& tensor) {
  CHECK(!begun_, "'{}' comes after the first bytes of tensors", tensor.name);
  uint64_t offset = 0;
  if (!tensors_.empty()) offset = aligned(tensors_.back().offset + tensors_.back().tensor.bytes, alignment_);
  tensors_.push_back({.tensor = tensor, .name = std::string(tensor.name), .offset = offset});
  tensors_.back().tensor.bytes = bytes_of(tensor);
}

std::string GgufWriter::header() const {
  std::string out = "GGUF";
  put(out, uint32_t{3});
  put(out, uint64_t{tensors_.size()});
  put(out, uint64_t{pairs_.size()});
  for (const auto& [key, bytes] : pairs_) out += bytes;
  for (const Declared& declared : tensors_) {
    put_text(out, declared.name);
    put(out, declared.tensor.dimensions);
    for (uint32_t i = 0; i < declared.tensor.dimensions; ++i) put(out, declared.tensor.shape[i]);
    put(out, static_cast<uint32_t>(declared.tensor.type));
    put(out, declared.offset);
  }
  out.resize(aligned(out.size(), alignment_));
  return out;
}

uint64_t GgufWriter::total_bytes() const {
  const uint64_t data = tensors_.empty() ? 0 : tensors_.back().offset + tensors_.back().tensor.bytes;
  return header().size() + aligned(data, alignment_);
}

void GgufWriter::pad(uint64_t position) {
  const std::string zeros(position - data_bytes_, '\0');
  file_.write(zeros);
  data_bytes_ = position;
}

void GgufWriter::write(std::span<const std::byte> bytes) {
  if (!begun_) {
    file_.write(header());
    begun_ = true;
  }
  while (!bytes.empty()) {
    CHECK(current_ < tensors_.size(), "{} bytes more than the tensors have", bytes.size());
    const Declared& declared = tensors_[current_];
    if (in_tensor_ == 0) pad(declared.offset);
    const auto count = static_cast<size_t>(std::min<uint64_t>(bytes.size(), declared.tensor.bytes - in_tensor_));
    file_.write({reinterpret_cast<const char*>(bytes.data()), count});
    data_bytes_ += count;
    in_tensor_ += count;
    bytes = bytes.subspan(count);
    if (in_tensor_ < declared.tensor.bytes) continue;
    ++current_;
    in_tensor_ = 0;
  }
}

void GgufWriter::finish() {
  write({});
  while (current_ < tensors_.size() && tensors_[current_].tensor.bytes == 0) ++current_;
  CHECK(current_ == tensors_.size(), "{} of {} tensors were written", current_, tensors_.size());
  pad(aligned(data_bytes_, alignment_));
  file_.finish();
}

}  // namespace deskhand
