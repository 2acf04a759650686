#include "agent/dialect.h"

#include <fmt/format.h>

#include "core/tokenizer/utf8.h"

namespace deskhand {

std::vector<Action> parse_reply(const Dialect& dialect, std::string_view reply, const ViewSizes& sizes) {
  constexpr size_t longest = size_t{1} << 20;
  if (reply.size() > longest)
    throw DialectError(ReplyFault::malformed,
                       fmt::format("the reply has {} bytes, expected at most {}", reply.size(), longest));
  if (const size_t valid = valid_utf8_prefix(reply); valid != reply.size())
    throw DialectError(ReplyFault::malformed, fmt::format("the reply is not UTF-8 at byte {}", valid));
  return dialect.parse(reply, sizes);
}

MindRequest request_of(const Dialect& dialect, const DialectPrompt& prompt) {
  return {.messages = prompt.messages,
          .continuation = prompt.continuation,
          .grammar = prompt.grammar.get(),
          .max_tokens = prompt.max_tokens,
          .tools = prompt.tools,
          .thinking = dialect.thinking,
          .stop_texts = {dialect.stop_texts.begin(), dialect.stop_texts.end()},
          .control_texts = {dialect.control_texts.begin(), dialect.control_texts.end()}};
}

const Dialect* find_dialect(std::string_view name) {
  for (const Dialect* dialect : all_dialects())
    if (dialect->name == name) return dialect;
  return nullptr;
}

const Dialect& choose_dialect(const ModelInfo& info, bool sees) {
  const Dialect* best = nullptr;
  int best_fit = 0;
  for (const Dialect* dialect : all_dialects()) {
    const int fit = dialect->sees && !sees ? 0 : dialect->matches(info);
    if (fit > best_fit) {
      best = dialect;
      best_fit = fit;
    }
  }
  if (!best) throw std::logic_error("no dialect fits");  // `script` fits all
  return *best;
}

}  // namespace deskhand
