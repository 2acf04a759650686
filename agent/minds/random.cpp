#include <fmt/format.h>

#include <random>

#include "agent/mind.h"
#include "core/constraint/random_walk.h"

namespace deskhand {
namespace {

class RandomMind final : public Mind {
 public:
  explicit RandomMind(uint64_t seed) : seed_(seed), random_(seed) {}

  std::string name() const override { return fmt::format("dice (seed {})", seed_); }

  MindReply reply(const MindRequest& request, const TextSink& sink, std::stop_token stop) override {
    if (stop.stop_requested()) return {.text = "", .complete = false};
    if (!request.grammar) throw std::invalid_argument("chance needs a grammar to choose from");
    MindReply reply{.text = random_sentence(*request.grammar, random_)};
    if (sink) sink(reply.text);
    return reply;
  }

 private:
  uint64_t seed_;
  std::mt19937_64 random_;
};

}  // namespace

std::unique_ptr<Mind> make_random_mind(uint64_t seed) {
  return std::make_unique<RandomMind>(seed);
}

}  // namespace deskhand
