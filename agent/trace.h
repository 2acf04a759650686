#pragma once
// The record of a run: a directory (0700) with trace.jsonl, one hash-chained record per line, and PNGs (0600).
//
//   Trace trace(directory);                                  // created; throws TraceError if it exists and is not
//   empty trace.begin({{"goal", goal}, …}); trace.step(step, {.before = …, .marked = …, .after = …});
//   trace.end({{"outcome", "done"}});
//   TraceCheck check = check_trace(directory);               // .intact
//
// Every record carries the SHA-256 of its own text, of the record before, and of the pictures it names, so that no
// record and no picture can be changed, removed or moved unnoticed (someone who rewrites the whole chain can: keep the
// last hash elsewhere against that). Secrets must be masked by the caller.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/transcript.h"
#include "platform/image.h"

namespace deskhand {

/// The directory or a file cannot be made, written or read.
class TraceError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct StepPictures {
  const Image* before = nullptr;
  const Image* marked = nullptr;  ///< before, with the target drawn on it
  const Image* after = nullptr;
};

class Trace {
 public:
  explicit Trace(std::filesystem::path directory);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  void begin(const nlohmann::ordered_json& head);
  /// What the mind was asked and said.
  void thought(const nlohmann::ordered_json& thought);
  void step(const Step& step, const StepPictures& pictures);
  void end(const nlohmann::ordered_json& outcome);

 private:
  void write(std::string_view type, nlohmann::ordered_json record);
  nlohmann::ordered_json picture(const std::string& file, const Image& image);

  std::filesystem::path directory_;
  int file_ = -1;
  int64_t records_ = 0;
  std::string last_hash_;                                   ///< of the last record; 64 zeros before the first
  std::map<std::string, nlohmann::ordered_json> pictures_;  ///< written ones by the hash of their pixels
};

struct TraceCheck {
  bool intact = false;    ///< every record and picture is as it was written, and the last record is the end
  std::string problem{};  ///< the first thing that is wrong
  int64_t records = 0;
};

/// Throws TraceError when there is no trace.
TraceCheck check_trace(const std::filesystem::path& directory);
/// The records, as written. Throws TraceError for what is no trace.
std::vector<nlohmann::ordered_json> read_trace(const std::filesystem::path& directory);
/// The bytes of a picture that a record names; throws TraceError for a name that leaves the directory.
std::vector<uint8_t> read_trace_picture(const std::filesystem::path& directory, const std::string& file);
/// In hexadecimal.
std::string sha256(const void* data, size_t size);

}  // namespace deskhand
