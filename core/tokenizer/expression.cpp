#include "core/tokenizer/expression.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <array>
#include <stdexcept>

#include "core/metadata.h"

namespace deskhand {
namespace {

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

/// Oniguruma reads these otherwise than PCRE2: intersections of classes, \h, and "{2,3}+", which is no possessive
/// there.
bool means_another_thing(std::string_view source) {
  for (const std::string_view part : {"&&", "\\h", "\\H"}) {
    if (source.find(part) != std::string_view::npos) return true;
  }
  for (size_t at = source.find("}+"); at != std::string_view::npos; at = source.find("}+", at + 1)) {
    const size_t last = source.substr(0, at).find_last_not_of("0123456789,");
    if (last != std::string_view::npos && last + 1 < at && source[last] == '{') return true;
  }
  return false;
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

}  // namespace

struct Expression::Workspace::Parts {
  std::unique_ptr<pcre2_match_data, Free> data{pcre2_match_data_create(1, nullptr)};
  std::unique_ptr<pcre2_match_context, Free> context{pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_jit_stack, Free> stack{pcre2_jit_stack_create(32 << 10, 16 << 20, nullptr)};
  Parts() {
    if (!data || !context) throw std::bad_alloc();
    if (stack) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

Expression::Workspace::Workspace() : parts_(std::make_unique<Parts>()) {}
Expression::Workspace::~Workspace() = default;

struct Expression::Code {
  std::unique_ptr<pcre2_code, Free> compiled;
};

Expression::Expression(std::string_view source) : code_(std::make_unique<Code>()) {
  if (means_another_thing(source)) {
    throw ModelFileError(
        fmt::format("tokenizer: the expression '{}' is of a kind that is not supported", one_line(source)));
  }
  const std::string pattern = with_white_space_property(source);
  int error = 0;
  PCRE2_SIZE at = 0;
  code_->compiled.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &at, nullptr));
  if (!code_->compiled) {
    throw ModelFileError(fmt::format("tokenizer: expression '{}': {}", one_line(source), error_text(error)));
  }
  pcre2_jit_compile(code_->compiled.get(), PCRE2_JIT_COMPLETE);  // without it pcre2_match interprets
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;

void Expression::for_each_match(std::string_view text, Workspace& with,
                                const std::function<void(size_t, size_t)>& use) const {
  const Workspace::Parts& parts = *with.parts_;
  for (size_t at = 0; at < text.size();) {
    const int found = pcre2_match(code_->compiled.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                  PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, parts.data.get(), parts.context.get());
    if (found == PCRE2_ERROR_NOMATCH) return;
    if (found < 0) throw std::runtime_error(fmt::format("splitting text for the tokenizer: {}", error_text(found)));
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(parts.data.get());
    if (range[1] <= at || range[0] >= range[1]) return;  // a \K that steps back
    use(range[0], range[1]);
    at = range[1];
  }
}

void Expression::split(std::string_view text, Workspace& with, std::vector<std::string_view>& pieces) const {
  size_t at = 0;
  for_each_match(text, with, [&](size_t begin, size_t end) {
    if (begin > at) pieces.push_back(text.substr(at, begin - at));
    pieces.push_back(text.substr(begin, end - begin));
    at = end;
  });
  if (at < text.size()) pieces.push_back(text.substr(at));
}

}  // namespace deskhand
