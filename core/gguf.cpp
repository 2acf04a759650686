#include "core/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <system_error>
#include <unordered_map>

#include "core/mapped_file.h"

namespace deskhand {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are read as they lie in the file");

constexpr uint32_t type_u32 = 4, type_string = 8, type_array = 9;
/// Bytes of a number by GGUF value type id; 0 for strings, arrays and unknown ids.
constexpr std::array<uint32_t, 13> number_bytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr uint64_t max_name_bytes = 63;

/// a · b, or nothing when it does not fit into 63 bits.
std::optional<uint64_t> multiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product > INT64_MAX) return std::nullopt;
  return product;
}

/// Reads forward through the bytes of a file; every step checks what remains.
class Reader {
 public:
  Reader(const std::filesystem::path& path, std::span<const std::byte> bytes) : path_(path), bytes_(bytes) {}

  [[noreturn]] void fail(const std::string& message) const {
    throw ModelFileError(fmt::format("{}: {} (at byte {})", path_.string(), message, position_));
  }

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }

  const std::byte* take(uint64_t count, std::string_view what) {
    if (count > remaining()) {
      fail(fmt::format("truncated: {} needs {} bytes, the file has {} more", what, count, remaining()));
    }
    const std::byte* start = bytes_.data() + position_;
    position_ += count;
    return start;
  }

  template <typename T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what), sizeof(T));
    return value;
  }

  std::string_view text(std::string_view what) {
    const auto length = number<uint64_t>(what);
    return {reinterpret_cast<const char*>(take(length, what)), length};
  }

  /// A count of things that take at least `least` bytes each.
  uint64_t count(uint64_t value, uint64_t least, std::string_view what) const {
    if (value > remaining() / least) fail(fmt::format("{} {} cannot lie in {} bytes", value, what, remaining()));
    return value;
  }

 private:
  const std::filesystem::path& path_;
  std::span<const std::byte> bytes_;
  uint64_t position_ = 0;
};

template <typename T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

MetadataValue number_value(uint32_t type, const std::byte* at) {
  switch (type) {
    case 0:
      return uint64_t{load<uint8_t>(at)};
    case 1:
      return int64_t{load<int8_t>(at)};
    case 2:
      return uint64_t{load<uint16_t>(at)};
    case 3:
      return int64_t{load<int16_t>(at)};
    case 4:
      return uint64_t{load<uint32_t>(at)};
    case 5:
      return int64_t{load<int32_t>(at)};
    case 6:
      return double{load<float>(at)};
    case 10:
      return load<uint64_t>(at);
    case 11:
      return load<int64_t>(at);
    case 12:
      return load<double>(at);
    default:
      return load<uint8_t>(at) != 0;  // a boolean
  }
}

MetadataArray read_array(Reader& reader, std::string_view key) {
  MetadataArray array;
  array.element_type = reader.number<uint32_t>("an array's type");
  const auto count = reader.number<uint64_t>("an array's length");
  if (array.element_type == type_string) {
    array.count = reader.count(count, sizeof(uint64_t), "strings");
    array.strings.reserve(array.count);
    for (uint64_t i = 0; i < count; ++i) array.strings.push_back(reader.text("a string of an array"));
    return array;
  }
  if (array.element_type >= number_bytes.size() || number_bytes[array.element_type] == 0) {
    reader.fail(fmt::format("key '{}': an array cannot hold type {}", one_line(key), array.element_type));
  }
  const uint32_t width = number_bytes[array.element_type];
  array.count = reader.count(count, width, "array elements");
  array.data = reader.take(count * width, "an array");
  return array;
}

class FileMetadata : public Metadata {
 public:
  const MetadataValue* find(std::string_view key) const override {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &entries_[found->second].second;
  }
  std::vector<std::string_view> keys() const override {
    std::vector<std::string_view> out;
    for (const auto& entry : entries_) out.push_back(entry.first);
    return out;
  }

  /// Reads one pair; returns its key.
  std::string_view read_pair(Reader& reader) {
    const std::string_view key = reader.text("a key");
    if (key.empty()) reader.fail("a metadata key is empty");
    const auto type = reader.number<uint32_t>("a value's type");
    if (type >= number_bytes.size()) {
      reader.fail(fmt::format("key '{}': unknown value type {}", one_line(key), type));
    }
    if (key == "general.alignment" && type != type_u32) {
      reader.fail(fmt::format("general.alignment must be of type 4 (u32), not {}", type));
    }
    if (!index_.emplace(key, entries_.size()).second) {
      reader.fail(fmt::format("key '{}' appears twice", one_line(key)));
    }
    if (type == type_string) {
      entries_.emplace_back(key, reader.text("a string value"));
    } else if (type == type_array) {
      entries_.emplace_back(key, read_array(reader, key));
    } else {
      entries_.emplace_back(key, number_value(type, reader.take(number_bytes[type], "a value")));
    }
    return key;
  }

 private:
  std::vector<std::pair<std::string_view, MetadataValue>> entries_;  // in the order of the file
  std::unordered_map<std::string_view, size_t> index_;
};

class File : public GgufFile {
 public:
  explicit File(std::shared_ptr<const MappedFile> mapping) : mapping_(std::move(mapping)) {
    Reader reader(mapping_->path(), mapping_->bytes());
    read_header(reader);
    for (uint64_t i = 0; i < pair_count_; ++i) {
      const uint64_t start = reader.position();
      const std::string_view key = metadata_.read_pair(reader);
      pairs_.push_back({key, mapping_->bytes().subspan(start, reader.position() - start)});
    }
    if (metadata_.integer_or("split.count", 1) > 1) {
      reader.fail("is one part of a model in several files; merge them into one file");
    }
    read_alignment(reader);
    tensors_.reserve(tensor_count_);
    for (uint64_t i = 0; i < tensor_count_; ++i) read_tensor(reader);
    place_tensors(reader);
  }

  const std::filesystem::path& path() const override { return mapping_->path(); }
  const Metadata& metadata() const override { return metadata_; }
  std::span<const GgufPair> pairs() const override { return pairs_; }
  std::span<const TensorInfo> tensors() const override { return tensors_; }
  const TensorInfo* find_tensor(std::string_view name) const override {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &tensors_[found->second];
  }

 private:
  void read_header(Reader& reader) {
    if (reader.remaining() < 4 || std::memcmp(reader.take(4, "the header"), "GGUF", 4) != 0) {
      reader.fail("is not a GGUF model file: it must begin with 'GGUF'");
    }
    const auto version = reader.number<uint32_t>("the version");
    if (version != 0 && (version & 0xffff) == 0) reader.fail("is a big-endian GGUF file; only little-endian is read");
    if (version != 2 && version != 3) reader.fail(fmt::format("GGUF version must be 2 or 3, not {}", version));
    const auto tensors = reader.number<uint64_t>("the tensor count");
    const auto pairs = reader.number<uint64_t>("the metadata count");
    tensor_count_ = reader.count(tensors, 24, "tensors");
    pair_count_ = reader.count(pairs, 13, "metadata pairs");
  }

  void read_alignment(Reader& reader) {
    const auto value = static_cast<uint64_t>(metadata_.integer_or("general.alignment", 32));
    if (!std::has_single_bit(value))
      reader.fail(fmt::format("general.alignment must be a power of two, not {}", value));
    alignment_ = value;
  }

  /// Reads name, shape, type and offset; `data` is set by place_tensors.
  void read_tensor(Reader& reader) {
    TensorInfo tensor;
    tensor.name = reader.text("a tensor's name");
    const std::string name = one_line(tensor.name);
    if (tensor.name.size() > max_name_bytes) {
      reader.fail(fmt::format("tensor '{}': the name has {} bytes, at most {} are allowed", name, tensor.name.size(),
                              max_name_bytes));
    }
    if (!index_.emplace(tensor.name, tensors_.size()).second)
      reader.fail(fmt::format("tensor '{}' appears twice", name));
    tensor.dimensions = reader.number<uint32_t>("a tensor's dimensions");
    if (tensor.dimensions > tensor.shape.size()) {
      reader.fail(fmt::format("tensor '{}' has {} dimensions, at most 4 are allowed", name, tensor.dimensions));
    }
    for (uint32_t i = 0; i < tensor.dimensions; ++i) {
      tensor.shape[i] = reader.number<int64_t>("a tensor's shape");
      if (tensor.shape[i] < 0) reader.fail(fmt::format("tensor '{}' has the size {}", name, tensor.shape[i]));
    }
    read_type(reader, tensor, name);
    offsets_.push_back(reader.number<uint64_t>("a tensor's offset"));
    tensors_.push_back(tensor);
  }

  static void read_type(Reader& reader, TensorInfo& tensor, const std::string& name) {
    const auto id = reader.number<uint32_t>("a tensor's type");
    const std::optional<DTypeInfo> info = find_dtype(id);
    if (!info) reader.fail(fmt::format("tensor '{}' has the unknown type {}", name, id));
    tensor.type = info->type;
    if (tensor.shape[0] % info->block_elements != 0) {
      reader.fail(fmt::format("tensor '{}': rows of {} values are no multiple of the block of {} ({})", name,
                              tensor.shape[0], info->block_elements, info->name));
    }
    // The number of elements must fit too: shapes are multiplied elsewhere without a check.
    std::optional<uint64_t> elements = 1;
    for (int64_t size : tensor.shape) {
      if (elements) elements = multiply(*elements, static_cast<uint64_t>(size));
    }
    const auto bytes =
        elements ? multiply(*elements / info->block_elements, info->block_bytes) : std::optional<uint64_t>();
    if (!bytes) reader.fail(fmt::format("tensor '{}' is larger than any file", name));
    tensor.bytes = *bytes;
  }

  /// Offsets are exactly the running sum of padded sizes. A file that ends where the data would begin describes
  /// tensors without holding them: it opens, and its tensors have no data.
  void place_tensors(Reader& reader) {
    if (tensors_.empty()) return;
    const uint64_t start = (reader.position() + alignment_ - 1) & ~(alignment_ - 1);
    uint64_t running = 0;
    for (size_t i = 0; i < tensors_.size(); ++i) {
      if (offsets_[i] != running) {
        reader.fail(fmt::format("tensor '{}' must begin at offset {} of the data, not {}", one_line(tensors_[i].name),
                                running, offsets_[i]));
      }
      if (__builtin_add_overflow(running, tensors_[i].bytes + alignment_ - 1, &running) || running > INT64_MAX) {
        reader.fail("the tensors are larger than any file");
      }
      running &= ~(alignment_ - 1);
    }
    const uint64_t size = mapping_->bytes().size();
    if (size == start) return;
    if (size < start || size - start < running) {
      reader.fail(fmt::format("truncated: the tensors need {} bytes, the file has {}", start + running, size));
    }
    for (size_t i = 0; i < tensors_.size(); ++i) {
      tensors_[i].data = mapping_->bytes().data() + start + offsets_[i];
    }
  }

  std::shared_ptr<const MappedFile> mapping_;
  FileMetadata metadata_;
  std::vector<GgufPair> pairs_;
  uint64_t tensor_count_ = 0, pair_count_ = 0, alignment_ = 32;
  std::vector<TensorInfo> tensors_;
  std::vector<uint64_t> offsets_;
  std::unordered_map<std::string_view, size_t> index_;
};

}  // namespace

std::shared_ptr<const GgufFile> GgufFile::open(const std::filesystem::path& path) {
  try {
    return std::make_shared<File>(MappedFile::open(path));
  } catch (const std::system_error& error) {
    throw ModelFileError(error.what());
  }
}

}  // namespace deskhand
