// A schema: refused with SchemaError, or a grammar whose texts are JSON that the grammar itself takes again.

#include "core/constraint/json_schema.h"

#include <nlohmann/json.hpp>
#include <random>

#include "core/constraint/random_walk.h"
#include "tests/fuzz/check.h"

namespace deskhand::fuzz {
namespace {

void walk(const Grammar& grammar) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 3; ++i) {
    std::string text;
    try {
      text = random_sentence(grammar, random, {.more_rounds = 3, .budget = 300});
      if (text.size() > 20'000) continue;
      expect(grammar.matches(text), "a grammar takes its own texts");
    } catch (const GrammarError&) {  // bounds
      continue;
    }
    expect(nlohmann::json::accept(text), "every text of a schema is JSON");
  }
}

}  // namespace
}  // namespace deskhand::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deskhand;
  const auto schema = nlohmann::ordered_json::parse(data, data + size, nullptr, false);
  if (schema.is_discarded()) return 0;
  try {
    JsonStyle style;
    style.max_work = WorkLimit::usual / 20;  // so that there is time for many
    fuzz::walk(json_schema_grammar(schema, style));
  } catch (const SchemaError&) {
  }
  return 0;
}
