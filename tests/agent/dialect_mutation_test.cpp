// Damaged replies: an error, or actions that can be carried out as they stand. DESKHAND_DIALECT_MUTATIONS says how many
// (default 4,000 in all).

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "agent/dialect.h"
#include "agent/reply/canonical.h"
#include "tests/support/dialect_replies.h"
#include "tests/support/test_data.h"

namespace deskhand {
namespace {

using nlohmann::json;
using testing::DialectVector;

int mutations() {
  const char* count = std::getenv("DESKHAND_DIALECT_MUTATIONS");
  return count ? std::atoi(count) : 4'000;
}

/// Why an action cannot be carried out as it stands; empty when it can.
std::string fault_of(const Action& action, const Extent& screen) {
  static constexpr std::array<std::string_view, 6> more = {"key_down", "key_up", "note", "plan", "point", "not_found"};
  if (!is_one_of(action.name, canonical_names()) && !is_one_of(action.name, more)) return "name";
  action.input.dump();  // throws for what is not UTF-8
  for (const char* name : {"coordinate", "start_coordinate"}) {
    if (!action.input.contains(name)) continue;
    const json& point = action.input[name];
    if (point.size() != 2 || point[0] < 0 || point[1] < 0 || point[0] >= screen.width || point[1] >= screen.height)
      return name;
  }
  if (action.input.contains("region")) {
    const json& r = action.input["region"];
    if (r[0] < 0 || r[1] < 0 || r[2] > screen.width || r[3] > screen.height || r[0] >= r[2] || r[1] >= r[3])
      return "region";
  }
  const auto within = [&](const char* name, double least, double most) {
    const auto found = action.input.find(name);
    return found == action.input.end() || (*found >= least && *found <= most);
  };
  if (!within("scroll_amount", 1, 100) || !within("duration", 0, 300) || !within("repeat", 2, 100)) return "amount";
  const bool presses = action.name == "key" || action.name == "key_down" || action.name == "key_up";
  if ((presses || action.name == "type") && action.input.value("text", "").empty()) return "text";
  return "";
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  size_t below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  std::string operator()(std::string text, const std::string& other) {
    for (size_t edits = 1 + below(3); edits > 0; --edits) edit(text, other);
    return text;
  }

 private:
  void edit(std::string& text, const std::string& other) {
    static const std::string pieces[] = {"<tool_call>",
                                         "</tool_call>",
                                         "</function>",
                                         "<parameter=",
                                         "</parameter>",
                                         "</think>",
                                         "<think>",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         "(",
                                         ")",
                                         "\"",
                                         "'",
                                         ",",
                                         ":",
                                         "\\",
                                         "\n",
                                         "-",
                                         "1e9",
                                         "99999999999999999999",
                                         "0.5",
                                         "null",
                                         "<action>",
                                         "</action>",
                                         "<|\"|>",
                                         "\xff",
                                         "\xe2\x82",
                                         "\\u0000",
                                         "Action: ",
                                         "```"};
    const size_t at = below(text.size() + 1), length = below(1 + std::min<size_t>(12, text.size() - at));
    switch (below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pieces[below(std::size(pieces))]);
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 3:
        text.insert(below(text.size() + 1), text.substr(at, length * 4));
        break;
      case 4:
        text.resize(at);
        break;
      default:
        text.insert(at, other.substr(below(other.size() + 1), 40));
    }
  }

  std::mt19937_64 random_;
};

TEST(DialectMutations, AreRefusedOrCanBeCarriedOut) {
  REQUIRE_TEST_DATA(file, "dialects/vectors.jsonl");
  const std::vector<DialectVector> vectors = testing::dialect_vectors(file);
  Mutator mutate(20261126);
  int read = 0, refused = 0;
  for (int i = 0; i < mutations(); ++i) {
    const DialectVector& vector = vectors[static_cast<size_t>(i) % vectors.size()];
    const std::string reply = mutate(vector.reply, vectors[mutate.below(vectors.size())].reply);
    try {
      const std::vector<Action> actions = parse_reply(*find_dialect(vector.dialect), reply, vector.sizes);
      ASSERT_FALSE(actions.empty()) << vector.dialect << "\n" << reply;
      for (const Action& action : actions)
        ASSERT_EQ(fault_of(action, vector.sizes.screen), "") << vector.dialect << "\n" << reply << "\n" << action.input;
      ++read;
    } catch (const DialectError&) {
      ++refused;
    }
  }
  std::cout << read << " read, " << refused << " refused\n";
  EXPECT_GT(refused, mutations() / 4);
}

json listed(const std::vector<Action>& actions) {
  json list = json::array();
  for (const Action& action : actions) list.push_back({{"name", action.name}, {"input", action.input}});
  return list;
}

/// A final answer in prose, a bare pair and the first half of two readings are whole replies themselves.
bool may_differ(const DialectVector& vector, const json& actions) {
  const bool ends = actions.back()["name"] == "done" && (vector.dialect == "qwen38" || vector.fault.empty());
  return ends || vector.fault == "ambiguous" || (vector.dialect == "gta1" && actions.back()["name"] == "point");
}

TEST(DialectMutations, ABeginningIsNoOtherAction) {
  REQUIRE_TEST_DATA(file, "dialects/vectors.jsonl");
  for (const DialectVector& vector : testing::dialect_vectors(file))
    for (size_t length = 0; length < vector.reply.size(); ++length) {
      const std::string reply = vector.reply.substr(0, length);
      json actions;
      try {
        actions = listed(parse_reply(*find_dialect(vector.dialect), reply, vector.sizes));
      } catch (const DialectError&) {
        continue;
      }
      if (may_differ(vector, actions)) continue;
      ASSERT_TRUE(vector.fault.empty()) << vector.dialect << "\n" << reply << "\n" << actions;
      ASSERT_LE(actions.size(), vector.actions.size()) << vector.dialect << "\n" << reply;
      for (size_t i = 0; i < actions.size(); ++i)
        ASSERT_EQ(actions[i], vector.actions[i]) << vector.dialect << ": " << vector.note << "\n" << reply;
    }
}

}  // namespace
}  // namespace deskhand
