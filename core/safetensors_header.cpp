#include "core/safetensors_header.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/metadata.h"

namespace deskhand {
namespace {

constexpr size_t most_axes = 8;

/// Takes the events of the parser: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(std::string_view what) : what_(what) {}
  std::vector<SafetensorsEntry> take() { return std::move(entries_); }

  bool start_object(size_t) override {
    if (level_ > 1 || in_array_) fail("an object stands where none may");
    if (++level_ == 2) seen_.clear();
    return true;
  }
  bool end_object() override {
    if (--level_ == 1 && !in_metadata_) finish();
    return true;
  }
  bool key(string_t& name) override {
    if (level_ == 1) {
      if (!names_.insert(name).second) fail(fmt::format("'{}' appears twice", one_line(name)));
      in_metadata_ = name == "__metadata__";
      if (!in_metadata_) entries_.emplace_back().name = name;
    } else if (!in_metadata_ && !seen_.insert(name).second) {
      refuse(fmt::format("has '{}' twice", one_line(name)));
    }
    key_ = std::move(name);
    return true;
  }
  bool string(string_t& value) override {
    if (level_ == 2 && in_metadata_) return true;
    if (level_ < 2 || in_array_ || key_ != "dtype") unexpected("a string");
    entries_.back().type = std::move(value);
    return true;
  }
  bool start_array(size_t) override {
    if (level_ < 2 || in_metadata_ || in_array_ || (key_ != "shape" && key_ != "data_offsets")) unexpected("a list");
    in_array_ = true;
    numbers_.clear();
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!in_array_) unexpected("a number");
    if (numbers_.size() == most_axes) refuse(fmt::format("has more than {} axes", most_axes));
    numbers_.push_back(value);
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    if (key_ == "shape") {
      entries_.back().shape = numbers_;
    } else if (numbers_.size() == 2) {
      entries_.back().bytes = {numbers_[0], numbers_[1]};
    } else {
      refuse(fmt::format("has {} data_offsets, expected 2", numbers_.size()));
    }
    return true;
  }
  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("true or false"); }
  bool number_integer(number_integer_t) override { unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { unexpected("a number that is no count"); }
  bool binary(binary_t&) override { unexpected("binary data"); }
  bool parse_error(size_t at, const std::string&, const nlohmann::detail::exception&) override {
    fail(fmt::format("no JSON at byte {}", at));
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw ModelFileError(fmt::format("{}: safetensors header: {}", what_, message));
  }
  [[noreturn]] void refuse(const std::string& message) const {
    fail(fmt::format("tensor '{}' {}", one_line(entries_.back().name), message));
  }
  [[noreturn]] void unexpected(std::string_view what) const {
    fail(level_ == 0 ? fmt::format("{} stands where the header must", what)
                     : fmt::format("{} stands under '{}'", what, one_line(key_)));
  }
  void finish() const {
    if (!seen_.contains("dtype")) refuse("has no dtype");
    if (!seen_.contains("shape")) refuse("has no shape");
    if (!entries_.back().bytes) refuse("has no data_offsets");
    if (seen_.size() != 3) refuse("has keys besides dtype, shape and data_offsets");
  }

  std::string_view what_;
  std::vector<SafetensorsEntry> entries_;
  std::unordered_set<std::string> names_, seen_;
  std::string key_;
  std::vector<uint64_t> numbers_;
  int level_ = 0;
  bool in_metadata_ = false, in_array_ = false;
};

}  // namespace

std::vector<SafetensorsEntry> read_safetensors_header(std::string_view json, std::string_view what) {
  HeaderReader reader(what);
  nlohmann::json::sax_parse(json, &reader);
  return reader.take();
}

}  // namespace deskhand
