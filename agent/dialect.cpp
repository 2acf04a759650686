#include "agent/dialect.h"

namespace deskhand {

const Dialect* find_dialect(std::string_view name) {
  for (const Dialect* dialect : all_dialects())
    if (dialect->name == name) return dialect;
  return nullptr;
}

const Dialect& choose_dialect(const ModelInfo& info) {
  const Dialect* best = nullptr;
  int best_fit = 0;
  for (const Dialect* dialect : all_dialects()) {
    const int fit = dialect->matches(info);
    if (fit > best_fit) {
      best = dialect;
      best_fit = fit;
    }
  }
  if (!best) throw std::logic_error("no dialect fits");  // `script` fits all
  return *best;
}

}  // namespace deskhand
