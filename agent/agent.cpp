#include "agent/agent.h"

#include "agent/loop.h"

namespace deskhand {

std::string_view outcome_name(Outcome::Status status) {
  switch (status) {
    case Outcome::Status::done:
      return "done";
    case Outcome::Status::stopped:
      return "stopped";
    case Outcome::Status::limit:
      return "limit";
    case Outcome::Status::failed:
    case Outcome::Status::desktop_lost:
      break;
  }
  return "failed";
}

Agent::Agent(AgentParts parts) : parts_(std::move(parts)) {}

Outcome Agent::run(const std::string& goal, const Limits& limits, std::stop_token stop) {
  Loop loop(parts_, goal, limits, stop);
  return guarded(loop, [&] { loop.run(); });
}

Outcome Agent::replay(const std::vector<Action>& actions, const std::string& goal, const Limits& limits,
                      std::stop_token stop) {
  Loop loop(parts_, goal, limits, stop);
  return guarded(loop, [&] { loop.replay(actions); });
}

Outcome Agent::guarded(Loop& loop, const std::function<void()>& body) {
  const Clock::Duration begin = parts_.clock.now();
  Outcome& outcome = loop.outcome();
  const auto end = [&](Outcome::Status status, const std::string& reason) {
    outcome.status = status;
    outcome.reason = reason;
  };
  try {
    body();
  } catch (const Stopped& stopped) {
    end(Outcome::Status::stopped, stopped.what());
  } catch (const DesktopError& error) {
    end(Outcome::Status::desktop_lost, error.what());
  } catch (const ContextFull& error) {
    end(Outcome::Status::limit, error.what());
  } catch (const TraceError& error) {
    end(Outcome::Status::limit, error.what());
  } catch (const std::bad_alloc&) {
    end(Outcome::Status::limit, "the memory is used up");
  } catch (const std::exception& error) {
    end(Outcome::Status::failed, error.what());
  }
  parts_.desktop.release_all();
  outcome.seconds = std::chrono::duration<double>(parts_.clock.now() - begin).count();
  if (parts_.trace) {
    try {
      parts_.trace->end({{"outcome", outcome_name(outcome.status)},
                         {"answer", loop.secrets().mask(outcome.answer)},
                         {"reason", loop.secrets().mask(outcome.reason)},
                         {"steps", outcome.steps},
                         {"asked", outcome.asked},
                         {"prompt_tokens", outcome.prompt_tokens},
                         {"reused_tokens", outcome.reused_tokens},
                         {"generated_tokens", outcome.generated_tokens},
                         {"seconds", outcome.seconds}});
    } catch (const TraceError& error) {
      if (outcome.status == Outcome::Status::done) end(Outcome::Status::limit, error.what());
    }
  }
  return outcome;
}

}  // namespace deskhand
