#pragma once
// An agent over a fake application, a scripted mind and a clock that does not wait.
//
//   AgentHarness h({"click(\"Submit\")\ndone(\"sent\")"});
//   h.app.add(Role::button, "Submit");
//   Outcome outcome = h.run("Press Submit");

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "core/constraint/grammar.h"
#include "tests/support/fake_application.h"
#include "tests/support/fake_clock.h"

namespace deskhand {

/// Answers as told, and remembers what it was asked.
class ToldUser final : public User {
 public:
  bool yes = true;
  std::vector<Confirmation> asked, handed;
  std::function<void()> on_question;

  bool confirm(const Confirmation& confirmation, std::stop_token stop) override {
    asked.push_back(confirmation);
    if (on_question) on_question();
    return yes && !stop.stop_requested();
  }
  bool hand_off(const Confirmation& confirmation, std::stop_token stop) override {
    handed.push_back(confirmation);
    if (on_question) on_question();
    return yes && !stop.stop_requested();
  }
  std::optional<std::string> ask(const std::string&, std::stop_token) override { return "blue"; }
};

/// A mind that says prepared replies and keeps the requests.
class PreparedMind final : public Mind {
 public:
  explicit PreparedMind(std::vector<std::string> replies) : replies_(std::move(replies)) {}
  std::string name() const override { return "prepared"; }
  MindReply reply(const MindRequest& request, const TextSink& sink, std::stop_token stop) override {
    screens.push_back(request.messages.back().text());
    asked.push_back(request.messages);
    continuations.push_back(request.continuation);
    grammars.push_back(request.grammar ? std::optional<Grammar>(*request.grammar) : std::nullopt);
    if (on_reply) on_reply();
    if (stop.stop_requested()) return {.text = "", .complete = false};
    const std::string text = replies_.at(std::min(next_++, replies_.size() - 1));
    if (sink) sink(text);
    return {.text = text, .prompt_tokens = 10, .reused_tokens = 4, .generated_tokens = 5};
  }
  std::vector<std::string> screens, continuations;
  std::vector<std::vector<Message>> asked;
  std::vector<std::optional<Grammar>> grammars;
  std::function<void()> on_reply;

 private:
  std::vector<std::string> replies_;
  size_t next_ = 0;
};

struct AgentHarness {
  explicit AgentHarness(std::vector<std::string> replies) : mind(std::move(replies)) {}

  Outcome run(const std::string& goal, const Limits& limits = {}) {
    Agent agent({.mind = mind,
                 .dialect = *find_dialect(dialect),
                 .desktop = app,
                 .read_screen = app.reader(),
                 .read_applications = [this](std::span<const Window> windows) { return app.elements_in(windows); },
                 .policy = policy,
                 .user = user,
                 .approval = approval,
                 .trace = trace,
                 .clock = clock,
                 .on_step = [this](const Step& step) { steps.push_back(step); }});
    return agent.run(goal, limits, stop.get_token());
  }
  /// What was pressed, joined by blanks.
  std::string pressed() const {
    std::string all;
    for (const std::string& name : app.pressed) all += (all.empty() ? "" : " ") + name;
    return all;
  }

  FakeApplication app;
  std::string dialect = "script";
  PreparedMind mind;
  Policy policy = Policy::parse(R"({"default": "allow"})", "test");
  ToldUser user;
  Approval approval = Approval::ask;
  Trace* trace = nullptr;
  FakeClock clock;
  std::stop_source stop;
  std::vector<Step> steps;
};

}  // namespace deskhand
