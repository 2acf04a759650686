#include <stdexcept>

#include "agent/mind.h"

namespace deskhand {
namespace {

class ScriptedMind final : public Mind {
 public:
  explicit ScriptedMind(std::vector<std::string> replies) : replies_(std::move(replies)) {}

  std::string name() const override { return "a written script"; }

  MindReply reply(const MindRequest&, const TextSink& sink, std::stop_token stop) override {
    if (stop.stop_requested()) return {.text = "", .complete = false};
    if (next_ == replies_.size()) throw std::out_of_range("the script has no further reply");
    const std::string& text = replies_[next_++];
    if (sink) sink(text);
    return {.text = text};
  }

 private:
  std::vector<std::string> replies_;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Mind> make_scripted_mind(std::vector<std::string> replies) {
  return std::make_unique<ScriptedMind>(std::move(replies));
}

}  // namespace deskhand
