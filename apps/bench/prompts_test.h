#pragma once
// deskhand bench --prompts: what the prompts of one conversation cost, one after the other, as an agent sends them.
//
//   const PromptsTest test("agent.jsonl");
//   const SeeingModel model = …;                              // with eyes when test.sees()
//   test.run(model, 8, [](const PromptCost& cost) { … }, stop);
//
// A line is a JSON list of token ids, or {"messages": […]} (apps/cli/messages.h) for the model's own chat template.
// Errors: FileError or ModelFileError for another line, with its number; UsageError for a model that cannot take it;
// ImageError for a picture; those of sessions.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/cli/seeing_model.h"

namespace deskhand {

struct PromptCost {
  int64_t tokens = 0, computed = 0;
  int64_t image_rows = 0;  ///< of the tokens
  int64_t encoded = 0;     ///< pictures
  double seconds = 0;      ///< from the prompt to the first token, encoding included
  double encode_seconds = 0, decode_seconds = 0;

  PromptCost& operator+=(const PromptCost& other);
};

class PromptsTest {
 public:
  /// Reads the file.
  explicit PromptsTest(const std::string& path);
  /// Whether there are pictures.
  bool sees() const;
  /// One session gets all prompts and makes `reply` tokens after each; ends early when stopped.
  void run(const SeeingModel& model, int64_t reply, const std::function<void(const PromptCost&)>& on_cost,
           std::stop_token stop) const;

 private:
  struct Line {
    std::vector<int64_t> ids{};
    nlohmann::ordered_json messages{};  ///< instead of ids
    std::vector<std::string> pictures{};
  };
  using Pictures = std::map<std::string, std::shared_ptr<const Image>>;  // by path

  static Line read(const std::string& text, const std::string& what);
  void check(const ModelInfo& model, const ChatTemplate* chat, const Multimodal* eyes) const;
  static ImagePrompt prompt(const Line& line, const SeeingModel& model, Pictures& known);

  std::string path_;
  std::vector<Line> lines_;
};

}  // namespace deskhand
