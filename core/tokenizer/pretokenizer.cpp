#include "core/tokenizer/pretokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/metadata.h"

namespace deskhand {
namespace {

constexpr std::string_view gpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view digit = R"(\p{N})";
constexpr std::string_view llama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen35 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view gpt4o =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
    R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view tekken = R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
                                    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
                                    R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view punctuation = R"([\p{P}\$\+<=>\^~\|]+)";
constexpr std::string_view numbers = R"(\p{N}+)";
constexpr std::string_view three_digits = R"([0-9][0-9][0-9])";

struct Rule {
  std::string_view name;
  std::array<std::string_view, 4> expressions;
  bool composes = false, ignores_merges = false, adds_bos = false;
};

constexpr Rule rules[] = {
    {"gpt-2", {gpt2}},
    {"phi-2", {gpt2}},
    {"mpt", {gpt2}},
    {"olmo", {gpt2}},
    {"jina-en", {gpt2}},
    {"smollm", {digit, gpt2}},
    {"starcoder", {digit, gpt2}},
    {"refact", {digit, gpt2}},
    {"command-r", {digit, gpt2}},
    {"exaone", {digit, gpt2}},
    {"llama3", {llama3}, false, true, true},
    {"llama-v3", {llama3}, false, true, true},
    {"llama-bpe", {llama3}, false, true, true},
    {"falcon3", {llama3}, false, true, true},
    {"pixtral", {llama3}, false, true, true},
    {"lfm2", {llama3}, false, true, true},
    {"dbrx", {llama3}},
    {"smaug-bpe", {llama3}},
    {"glm4", {llama3}},
    {"chatglm-bpe", {llama3}},
    {"qwen2", {qwen2}, true},
    {"deepseek-r1-qwen", {qwen2}, true},
    {"qwen35", {qwen35}, true},
    {"gpt-4o", {gpt4o}},
    {"llama4", {gpt4o}},
    {"tekken", {tekken}, false, true, true},
    {"default", {punctuation, gpt2, numbers, three_digits}},
};

}  // namespace

PreTokenizer::PreTokenizer(std::string_view name) {
  const auto* rule = std::find_if(std::begin(rules), std::end(rules), [&](const Rule& r) { return r.name == name; });
  if (rule == std::end(rules)) {
    std::string known;
    for (const Rule& r : rules) known += fmt::format("{}{}", known.empty() ? "" : ", ", r.name);
    throw ModelFileError(fmt::format("model metadata: tokenizer.ggml.pre is '{}', expected one of: {}", name, known));
  }
  for (const std::string_view expression : rule->expressions) {
    if (!expression.empty()) expressions_.emplace_back(expression);
  }
  composes_ = rule->composes;
  ignores_merges_ = rule->ignores_merges;
  adds_bos_ = rule->adds_bos;
}

PreTokenizer::~PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;

void PreTokenizer::split(std::string_view text, std::vector<std::string_view>& pieces) const {
  Expression::Workspace workspace;
  if (expressions_.size() == 1) {
    expressions_.front().split(text, workspace, pieces);
    return;
  }
  std::vector<std::string_view> current{text}, next;
  for (const Expression& expression : expressions_) {
    next.clear();
    for (const std::string_view piece : current) expression.split(piece, workspace, next);
    current.swap(next);
  }
  pieces.insert(pieces.end(), current.begin(), current.end());
}

}  // namespace deskhand
