#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "agent/mind.h"
#include "core/constraint/grammar_constraint.h"
#include "core/constraint/token_trie.h"
#include "core/engine.h"
#include "core/prompt.h"
#include "vision/multimodal.h"

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

class LocalMind final : public Mind {
 public:
  LocalMind(Engine& engine, const Sampling& sampling, Multimodal* eyes)
      : engine_(engine), sampling_(sampling), eyes_(eyes), session_(engine.new_session()) {
    if (!engine.chat_template())
      throw std::invalid_argument(
          fmt::format("{} has no chat template, so it cannot be given tasks", engine.info().name));
  }

  std::string name() const override { return fmt::format("{} (local)", engine_.info().name); }

  MindReply reply(const MindRequest& request, const TextSink& sink, std::stop_token stop) override {
    const auto begin = std::chrono::steady_clock::now();
    ImagePrompt prompt = prompt_of(request);
    MindReply reply;
    reply.prompt_tokens = static_cast<int64_t>(prompt.ids.size());
    reply.image_tokens = prompt.image_rows;
    const int64_t lasting = lasting_of(request, prompt);
    session_->set_prompt(prompt.ids, stop, lasting, std::move(prompt.images));
    reply.complete = false;
    if (!stop.stop_requested()) {
      std::unique_ptr<GrammarConstraint> constraint;
      if (request.grammar) constraint = std::make_unique<GrammarConstraint>(*request.grammar, trie_for(request));
      GenerateOptions options;
      options.max_tokens = request.max_tokens;
      options.sampling = sampling_;
      options.stop_texts = request.stop_texts;
      options.control_texts = request.control_texts;
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
    const Tokenizer& tokenizer = engine_.tokenizer();
    nlohmann::ordered_json messages = nlohmann::ordered_json::array();
    for (const Message& message : request.messages) {
      const auto safe = [&](const std::string& text) {
        return message.role == Message::Role::assistant ? defuse_reply(tokenizer, text, request.control_texts)
                                                        : defuse(tokenizer, text);
      };
      nlohmann::ordered_json content = safe(message.text());
      const bool sees = std::any_of(message.parts.begin(), message.parts.end(), [](const Part& p) { return p.image; });
      if (sees) {
        content = nlohmann::ordered_json::array();
        for (const Part& part : message.parts) {
          if (part.image) {
            content.push_back({{"type", "image"}});
          } else {
            content.push_back({{"type", "text"}, {"text", safe(part.text)}});
          }
        }
      }
      messages.push_back({{"role", role_word(message.role)}, {"content", std::move(content)}});
    }
    return messages;
  }

  ImagePrompt prompt_of(const MindRequest& request) {
    std::vector<std::shared_ptr<const Image>> images;
    for (const Message& message : request.messages)
      for (const Part& part : message.parts)
        if (part.image) images.push_back(part.image);
    nlohmann::ordered_json variables = {{"messages", messages_of(request)}, {"add_generation_prompt", true}};
    if (!request.tools.empty()) variables["tools"] = request.tools;
    if (request.thinking) variables["enable_thinking"] = *request.thinking;
    const std::string continuation = defuse(engine_.tokenizer(), request.continuation);
    const ChatTemplate& chat = *engine_.chat_template();
    if (images.empty()) return {.ids = rendered_prompt_ids(engine_.tokenizer(), chat.render(variables) + continuation)};
    if (eyes_ == nullptr) throw std::invalid_argument(fmt::format("{} cannot see pictures", engine_.info().name));
    return eyes_->prompt(eyes_->render(chat, variables) + continuation, images);
  }

  /// Ids that other conversations begin with too: looked for once.
  int64_t lasting_of(const MindRequest& request, const ImagePrompt& prompt) const {
    if (!session_->ids().empty() || !prompt.images.empty()) return 0;
    return lasting_prefix(engine_.tokenizer(), *engine_.chat_template(), messages_of(request), prompt.ids);
  }

  const TokenTrie& trie_for(const MindRequest& request) {
    if (request.control_texts.empty()) return engine_.token_trie();
    if (!trie_ || controls_ != request.control_texts) {
      controls_ = request.control_texts;
      trie_ = std::make_unique<TokenTrie>(engine_.tokenizer(), controls_);
    }
    return *trie_;
  }

  Engine& engine_;
  std::vector<std::string> controls_;  // that the trie has besides text
  std::unique_ptr<TokenTrie> trie_;
  Sampling sampling_;
  Multimodal* eyes_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Mind> make_local_mind(Engine& engine, const Sampling& sampling, Multimodal* eyes) {
  return std::make_unique<LocalMind>(engine, sampling, eyes);
}

}  // namespace deskhand
