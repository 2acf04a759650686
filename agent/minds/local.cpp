#include <fmt/format.h>

#include <chrono>

#include "agent/mind.h"
#include "core/constraint/grammar_constraint.h"
#include "core/engine.h"
#include "core/prompt.h"

namespace deskhand {
namespace {

std::string_view role_word(Message::Role role) {
  switch (role) {
    case Message::Role::system:
      return "system";
    case Message::Role::user:
      return "user";
    case Message::Role::tool:
      return "tool";
    case Message::Role::assistant:
      break;
  }
  return "assistant";
}

std::string text_of(const Message& message) {
  for (const Part& part : message.parts)
    if (part.image) throw std::invalid_argument("this model cannot see pictures");
  return message.text();
}

class LocalMind final : public Mind {
 public:
  LocalMind(Engine& engine, const Sampling& sampling)
      : engine_(engine), sampling_(sampling), session_(engine.new_session()) {
    if (!engine.chat_template())
      throw std::invalid_argument(
          fmt::format("{} has no chat template, so it cannot be given tasks", engine.info().name));
  }

  std::string name() const override { return fmt::format("{} (local)", engine_.info().name); }

  MindReply reply(const MindRequest& request, const TextSink& sink, std::stop_token stop) override {
    const auto begin = std::chrono::steady_clock::now();
    const nlohmann::ordered_json messages = messages_of(request);
    const std::vector<int32_t> ids =
        rendered_prompt_ids(engine_.tokenizer(),
                            engine_.chat_template()->render({{"messages", messages}, {"add_generation_prompt", true}}) +
                                defuse(engine_.tokenizer(), request.continuation));
    const int64_t lasting =
        session_->ids().empty() ? lasting_prefix(engine_.tokenizer(), *engine_.chat_template(), messages, ids) : 0;
    session_->set_prompt(ids, stop, lasting);
    MindReply reply;
    reply.prompt_tokens = static_cast<int64_t>(ids.size());
    reply.complete = false;
    if (!stop.stop_requested()) {
      std::unique_ptr<GrammarConstraint> constraint;
      if (request.grammar) constraint = std::make_unique<GrammarConstraint>(*request.grammar, engine_.token_trie());
      GenerateOptions options;
      options.max_tokens = request.max_tokens;
      options.sampling = sampling_;
      const Generation generation =
          session_->generate(options, constraint.get(), sink ? sink : TextSink([](std::string_view) {}), stop);
      reply.text = generation.text;
      reply.complete = generation.reason == EndReason::end_token || generation.reason == EndReason::stop_text ||
                       generation.reason == EndReason::constraint_complete;
      reply.reused_tokens = generation.reused_tokens;
      reply.generated_tokens = static_cast<int64_t>(generation.ids.size());
    }
    reply.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return reply;
  }

 private:
  nlohmann::ordered_json messages_of(const MindRequest& request) const {
    nlohmann::ordered_json messages = nlohmann::ordered_json::array();
    for (const Message& message : request.messages)
      messages.push_back(
          {{"role", role_word(message.role)}, {"content", defuse(engine_.tokenizer(), text_of(message))}});
    return messages;
  }

  Engine& engine_;
  Sampling sampling_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Mind> make_local_mind(Engine& engine, const Sampling& sampling) {
  return std::make_unique<LocalMind>(engine, sampling);
}

}  // namespace deskhand
