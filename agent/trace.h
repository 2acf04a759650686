#pragma once
// The record of a run: a directory (0700) with trace.jsonl, one hash-chained record per line, and PNGs (0600).
//
//   Trace trace(directory);                                  // created; throws TraceError if it exists and is not
//   empty trace.begin({{"goal", goal}, …}); trace.step(step, {.before = …, .marked = …, .after = …});
//   trace.end({{"outcome", "done"}});
//   TraceCheck check = check_trace(directory);               // .intact
//
// Every record carries the SHA-256 of its own text and of the record before, and of the pictures it names, so that no
// record and no picture can be changed, removed or moved unnoticed. Password fields must be blacked out by the caller.

#include <cstdint>
#include <filesystem>
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
  void step(const Step& step, const StepPictures& pictures);
  /// What the mind was asked and said.
  void thought(const nlohmann::ordered_json& record);
  void end(const nlohmann::ordered_json& outcome);

 private:
  void write(nlohmann::ordered_json record);
  nlohmann::ordered_json picture(const std::string& name, const Image& image);

  std::filesystem::path directory_;
  int file_ = -1;
  int64_t records_ = 0;
  std::string last_hash_;
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

}  // namespace deskhand
