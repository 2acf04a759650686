#pragma once
// A Hugging Face hub on this machine (hub_server.py) and what it was asked.
//
//   HubServerProcess hub;
//   hub.add("org/tiny", "model.gguf", bytes);
//   hub.say("org/tiny", R"({"gated": "manual"})");
//   HubPull pull({.endpoint = hub.endpoint(), .token = "good"}, HubCache(folder));
//   hub.requests("cdn")[0]["authorization"]

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "platform/process.h"
#include "tests/support/test_data.h"

namespace deskhand::testing {

class HubServerProcess {
 public:
  HubServerProcess()
      : process_({.argv = {"python3", "tests/support/hub_server.py", repositories().string(), log().string()},
                  .output = Stream::pipe}) {
    std::filesystem::create_directories(repositories());
    const auto line = process_.read_line(std::chrono::seconds(30));
    if (!line) throw std::runtime_error("the test hub did not start");
    std::istringstream(*line) >> port_;
  }

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void add(const std::string& repository, const std::string& path, const std::string& bytes) const {
    const std::filesystem::path file = repositories() / repository / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
  }
  /// What is special about the repository: see hub_server.py.
  void say(const std::string& repository, const std::string& json) const {
    std::filesystem::create_directories((repositories() / repository).parent_path());
    std::ofstream(repositories() / (repository + ".json")) << json;
  }
  /// Those of "hub" or "cdn", oldest first.
  std::vector<nlohmann::json> requests(const std::string& server) const {
    std::vector<nlohmann::json> found;
    std::ifstream in(log());
    for (std::string line; std::getline(in, line);) {
      const auto request = nlohmann::json::parse(line);
      if (request["server"] == server) found.push_back(request);
    }
    return found;
  }

 private:
  std::filesystem::path repositories() const { return folder_.path() / "repositories"; }
  std::filesystem::path log() const { return folder_.path() / "log"; }

  TemporaryFolder folder_;
  Process process_;
  int port_ = 0;
};

}  // namespace deskhand::testing
