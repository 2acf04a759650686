#include "core/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <system_error>
#include <unordered_map>

#include "core/safetensors_header.h"
#include "core/strict_json.h"

namespace deskhand {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors numbers are read as they lie in the file");

constexpr uint64_t most_header_bytes = 100'000'000;
constexpr uint64_t length_bytes = sizeof(uint64_t);

struct TypeName {
  std::string_view name;
  DType type;
};
constexpr TypeName types[] = {
    {"F32", DType::f32}, {"F16", DType::f16}, {"BF16", DType::bf16}, {"F64", DType::f64},
    {"I8", DType::i8},   {"I16", DType::i16}, {"I32", DType::i32},   {"I64", DType::i64},
};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& message) {
  throw ModelFileError(fmt::format("{}: {}", path.string(), message));
}

std::shared_ptr<const MappedFile> map_file(const std::filesystem::path& path) {
  try {
    return MappedFile::open(path);
  } catch (const std::system_error& error) {
    throw ModelFileError(error.what());
  }
}

/// The JSON text between the length and the tensors.
std::string_view header_text(const MappedFile& file) {
  const std::span<const std::byte> bytes = file.bytes();
  uint64_t length = 0;
  if (bytes.size() < length_bytes) fail(file.path(), "is no safetensors file: it ends within the header's length");
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > most_header_bytes) {
    fail(file.path(), fmt::format("is no safetensors file: its header would have {} bytes, at most {} are allowed",
                                  length, most_header_bytes));
  }
  if (length > bytes.size() - length_bytes) {
    fail(file.path(), fmt::format("truncated: the header needs {} bytes, the file has {} more", length,
                                  bytes.size() - length_bytes));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data() + length_bytes), length);
  if (!text.starts_with('{')) fail(file.path(), "is no safetensors file: its header must begin with '{'");
  return text;
}

/// Type, shape and size; the data is placed later.
TensorInfo describe(const SafetensorsEntry& entry, const std::filesystem::path& path) {
  const std::string name = one_line(entry.name);
  TensorInfo tensor;
  const auto* type =
      std::find_if(std::begin(types), std::end(types), [&](const TypeName& t) { return t.name == entry.type; });
  if (type == std::end(types)) {
    fail(path, fmt::format("tensor '{}' is of type '{}', expected F32, F16 or BF16", name, one_line(entry.type)));
  }
  tensor.type = type->type;
  uint64_t elements = 1;
  for (const uint64_t size : entry.shape) {
    // The sizes before a zero count too: they are multiplied elsewhere without a check.
    if (size > INT64_MAX || __builtin_mul_overflow(elements, std::max<uint64_t>(size, 1), &elements) ||
        elements > INT64_MAX / sizeof(double)) {
      fail(path, fmt::format("tensor '{}' is larger than any file", name));
    }
  }
  const bool empty = std::find(entry.shape.begin(), entry.shape.end(), uint64_t{0}) != entry.shape.end();
  tensor.bytes = empty ? 0 : elements * dtype_info(tensor.type).block_bytes;
  tensor.dimensions = static_cast<uint32_t>(std::min(entry.shape.size(), tensor.shape.size()));
  for (size_t i = 0; i < entry.shape.size(); ++i) {
    int64_t& size = tensor.shape[std::min(i, tensor.shape.size() - 1)];
    size *= static_cast<int64_t>(entry.shape[entry.shape.size() - 1 - i]);
  }
  const auto [begin, end] = *entry.bytes;
  if (begin > end || end - begin != tensor.bytes) {
    fail(path,
         fmt::format("tensor '{}' must have {} bytes, its data_offsets are {} and {}", name, tensor.bytes, begin, end));
  }
  return tensor;
}

/// Every entry's data must begin where another ends; the last ends with the file.
void check_cover(std::vector<SafetensorsEntry>& entries, uint64_t size, const std::filesystem::path& path) {
  std::stable_sort(entries.begin(), entries.end(),
                   [](const SafetensorsEntry& a, const SafetensorsEntry& b) { return *a.bytes < *b.bytes; });
  uint64_t at = 0;
  for (const SafetensorsEntry& entry : entries) {
    const auto [begin, end] = *entry.bytes;
    if (begin != at) {
      fail(path, fmt::format("tensor '{}' must begin at byte {} of the data, not {}", one_line(entry.name), at, begin));
    }
    at = end;
  }
  if (at != size) fail(path, fmt::format("the tensors end at byte {} of the data, the file at {}", at, size));
}

/// A name of a file in the directory itself.
bool is_plain_name(const std::string& name) {
  return name.ends_with(".safetensors") && name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos &&
         !name.starts_with('.');
}

}  // namespace

void Safetensors::add_file(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = map_file(path);
  const std::string_view header = header_text(*file);
  std::vector<SafetensorsEntry> entries = read_safetensors_header(header, path.string());
  const size_t first = tensors_.size();
  const std::byte* data = file->bytes().data() + length_bytes + header.size();
  for (const SafetensorsEntry& entry : entries) {
    TensorInfo tensor = describe(entry, path);
    tensor.name = names_.emplace_back(entry.name);
    tensors_.push_back(tensor);
  }
  for (size_t i = 0; i < entries.size(); ++i) tensors_[first + i].data = data + (*entries[i].bytes)[0];
  check_cover(entries, file->bytes().size() - length_bytes - header.size(), path);
  files_.push_back(file);
}

void Safetensors::add_shards(const std::filesystem::path& directory, const std::filesystem::path& index) {
  const nlohmann::json json = read_json_file(index, most_header_bytes);
  const auto map = json.find("weight_map");
  if (!json.is_object() || map == json.end() || !map->is_object() || map->empty()) {
    fail(index, "expected an object 'weight_map' of tensor names and files");
  }
  std::unordered_map<std::string, std::string> file_of;
  std::set<std::string> files;
  for (const auto& [name, file] : map->items()) {
    if (!file.is_string() || !is_plain_name(file.get_ref<const std::string&>())) {
      fail(index, fmt::format("tensor '{}' must lie in a .safetensors file of this directory, not in {}",
                              one_line(name), file.is_string() ? one_line(file.get<std::string>()) : "a value"));
    }
    file_of[name] = file.get<std::string>();
    files.insert(file.get<std::string>());
  }
  for (const std::string& file : files) {
    const size_t first = tensors_.size();
    add_file(directory / file);
    for (size_t i = first; i < tensors_.size(); ++i) {
      const auto found = file_of.find(std::string(tensors_[i].name));
      if (found == file_of.end() || found->second != file) {
        fail(directory / file,
             fmt::format("tensor '{}' is not where the index says, or is there twice", one_line(tensors_[i].name)));
      }
      file_of.erase(found);
    }
  }
  if (!file_of.empty()) {
    const auto& [name, file] = *file_of.begin();
    fail(index, fmt::format("tensor '{}' is not in {}", one_line(name), one_line(file)));
  }
}

Safetensors Safetensors::open(const std::filesystem::path& file) {
  Safetensors out;
  out.add_file(file);
  return out;
}

Safetensors Safetensors::open_directory(const std::filesystem::path& directory) {
  const std::filesystem::path single = directory / "model.safetensors",
                              index = directory / "model.safetensors.index.json";
  Safetensors out;
  std::error_code ignored;
  if (std::filesystem::exists(single, ignored)) {
    out.add_file(single);
  } else if (std::filesystem::exists(index, ignored)) {
    out.add_shards(directory, index);
  } else {
    fail(directory, "has neither model.safetensors nor model.safetensors.index.json");
  }
  return out;
}

}  // namespace deskhand
