#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "agent/trace.h"

namespace deskhand {

using nlohmann::ordered_json;

namespace {

constexpr std::string_view hash_begin = ",\"hash\":\"";
constexpr size_t hash_tail = hash_begin.size() + 64 + 2;  // and "}

std::vector<std::string> read_lines(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "trace.jsonl";
  std::ifstream in(path, std::ios::binary);
  if (!in) throw TraceError(fmt::format("{}: there is no trace", path.string()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  if (lines.empty()) throw TraceError(fmt::format("{}: the trace is empty", path.string()));
  return lines;
}

/// Empty when the record is as it was written after the one with hash `previous`, which becomes its own.
std::string check_record(const std::string& line, int64_t number, std::string& previous) {
  if (line.size() < hash_tail || line.compare(line.size() - hash_tail, hash_begin.size(), hash_begin) != 0)
    return "has no hash";
  const std::string text = line.substr(0, line.size() - hash_tail) + "}";
  const std::string hash = line.substr(line.size() - 66, 64);
  if (sha256(text.data(), text.size()) != hash) return "was changed";
  const ordered_json record = ordered_json::parse(text, nullptr, false);
  if (!record.is_object()) return "is no record";
  if (record.value("n", int64_t{-1}) != number) return fmt::format("is out of order: expected number {}", number);
  if (record.value("prev", std::string()) != previous) return "does not follow the record before it";
  previous = hash;
  return {};
}

std::string check_pictures(const std::filesystem::path& directory, const ordered_json& record) {
  if (!record.contains("pictures") || !record["pictures"].is_object()) return {};
  for (const auto& [name, picture] : record["pictures"].items()) {
    if (!picture.is_object()) return fmt::format("names no picture \"{}\"", name);
    const std::string file = picture.value("file", std::string());
    try {
      const std::vector<uint8_t> bytes = read_trace_picture(directory, file);
      if (sha256(bytes.data(), bytes.size()) != picture.value("sha256", std::string()))
        return fmt::format("picture {} was changed", file);
    } catch (const TraceError& error) {
      return error.what();
    }
  }
  return {};
}

}  // namespace

std::vector<ordered_json> read_trace(const std::filesystem::path& directory) {
  std::vector<ordered_json> records;
  for (const std::string& line : read_lines(directory)) {
    ordered_json record = ordered_json::parse(line, nullptr, false);
    if (!record.is_object())
      throw TraceError(
          fmt::format("{}: line {} is no record", (directory / "trace.jsonl").string(), records.size() + 1));
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<uint8_t> read_trace_picture(const std::filesystem::path& directory, const std::string& file) {
  const std::filesystem::path name(file);
  if (file.empty() || name.has_root_path() || name.filename() != name || file == ".." || file == ".")
    throw TraceError(fmt::format("picture \"{}\": expected a plain file name", file));
  std::error_code error;
  if (std::filesystem::symlink_status(directory / name, error).type() != std::filesystem::file_type::regular)
    throw TraceError(fmt::format("picture {} is missing", file));
  std::ifstream in(directory / name, std::ios::binary);
  if (!in) throw TraceError(fmt::format("picture {} cannot be read", file));
  return {std::istreambuf_iterator<char>(in), {}};
}

TraceCheck check_trace(const std::filesystem::path& directory) {
  TraceCheck check;
  std::string previous(64, '0');
  std::string last_type;
  for (const std::string& line : read_lines(directory)) {
    std::string problem;
    try {
      problem = check_record(line, check.records, previous);
      const ordered_json record = ordered_json::parse(line, nullptr, false);
      if (problem.empty()) problem = check_pictures(directory, record);
      if (problem.empty()) last_type = record.value("type", std::string());
    } catch (const ordered_json::exception&) {
      problem = "is no record";  // entries of the wrong type
    }
    if (!problem.empty()) {
      check.problem = fmt::format("record {}: {}", check.records, problem);
      return check;
    }
    ++check.records;
  }
  check.intact = last_type == "end";
  if (!check.intact) check.problem = "the trace breaks off: its end is missing";
  return check;
}

}  // namespace deskhand
