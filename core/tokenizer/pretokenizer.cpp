#include "core/tokenizer/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <stdexcept>

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

/// PCRE2's \s holds U+180E as well; the property does not.
std::string with_white_space_property(std::string_view expression) {
  std::string out;
  for (size_t i = 0; i < expression.size(); ++i) {
    const char next = i + 1 < expression.size() ? expression[i + 1] : '\0';
    if (expression[i] == '\\' && (next == 's' || next == 'S')) {
      out += next == 's' ? R"(\p{White_Space})" : R"(\P{White_Space})";
      ++i;
    } else if (expression[i] == '\\') {
      out += expression.substr(i++, 2);
    } else {
      out += expression[i];
    }
  }
  return out;
}

std::string error_text(int code) {
  std::array<PCRE2_UCHAR, 256> buffer{};
  pcre2_get_error_message(code, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

struct Free {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};

/// What a match needs besides the expression; one per call, because expressions are shared between threads.
struct Matching {
  std::unique_ptr<pcre2_match_data, Free> data{pcre2_match_data_create(1, nullptr)};
  std::unique_ptr<pcre2_match_context, Free> context{pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_jit_stack, Free> stack{pcre2_jit_stack_create(32 << 10, 16 << 20, nullptr)};
  Matching() {
    if (!data || !context) throw std::bad_alloc();
    if (stack) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

}  // namespace

class PreTokenizer::Expression {
 public:
  explicit Expression(std::string_view source) {
    const std::string pattern = with_white_space_property(source);
    int error = 0;
    PCRE2_SIZE at = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP,
                              &error, &at, nullptr));
    if (!code_) throw std::logic_error(fmt::format("pre-tokenizer expression: {} at {}", error_text(error), at));
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // without it pcre2_match interprets
  }

  void split(std::string_view text, std::vector<std::string_view>& pieces, Matching& with) const {
    size_t at = 0;
    while (at < text.size()) {
      const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                    PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, with.data.get(), with.context.get());
      if (found == PCRE2_ERROR_NOMATCH) break;
      if (found < 0) throw std::runtime_error(fmt::format("splitting text for the tokenizer: {}", error_text(found)));
      const PCRE2_SIZE* range = pcre2_get_ovector_pointer(with.data.get());
      if (range[0] > at) pieces.push_back(text.substr(at, range[0] - at));
      pieces.push_back(text.substr(range[0], range[1] - range[0]));
      at = range[1];
    }
    if (at < text.size()) pieces.push_back(text.substr(at));
  }

 private:
  std::unique_ptr<pcre2_code, Free> code_;
};

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
  Matching matching;
  if (expressions_.size() == 1) {
    expressions_.front().split(text, pieces, matching);
    return;
  }
  std::vector<std::string_view> current{text}, next;
  for (const Expression& expression : expressions_) {
    next.clear();
    for (const std::string_view piece : current) expression.split(piece, next, matching);
    current.swap(next);
  }
  pieces.insert(pieces.end(), current.begin(), current.end());
}

}  // namespace deskhand
