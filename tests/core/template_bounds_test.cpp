// Templates that mean harm end with an error, soon, and without taking much memory.

#include <gtest/gtest.h>

#include <chrono>

#include "core/chat_template/chat_template.h"

namespace deskhand {
namespace {

std::string repeated(std::string_view part, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += part;
  return out;
}

/// The error that ends the template, or "" when it renders. Both must not take long.
std::string end_of(const std::string& source,
                   const nlohmann::ordered_json& variables = nlohmann::ordered_json::object()) {
  const auto before = std::chrono::steady_clock::now();
  std::string message;
  try {
    (void)ChatTemplate(source, {"<s>", "</s>"}).render(variables);
  } catch (const TemplateError& error) {
    message = error.what();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  EXPECT_LT(took.count(), 60) << source.substr(0, 200);
  return message;
}

void expect_end(const std::string& source, std::string_view words) {
  EXPECT_NE(end_of(source).find(words), std::string::npos)
      << source.substr(0, 200) << " ended with: " << end_of(source);
}

TEST(TemplateBounds, Steps) {
  expect_end("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "too many steps");
  expect_end("{% for a in range(99999) %}{% for b in range(99999) %}{% if a == b %}{% endif %}{% endfor %}{% endfor %}",
             "too many steps");
  expect_end("{% set l = range(100000) | list %}{% for a in l %}{% if -1 in l %}{% endif %}{% endfor %}",
             "too many steps");
  expect_end("{% set s = 'a' * 30000000 %}{% for a in range(100000) %}{% if 'b' in s %}{% endif %}{% endfor %}",
             "too many steps");
}

TEST(TemplateBounds, Text) {
  expect_end("{{ 'a' * 1000000000 }}", "too much text");
  expect_end("{{ 'abc' * 9223372036854775807 }}", "too much text");
  expect_end("{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
             "too much text");
  expect_end("{% for i in range(100000) %}{{ 'a' * 100000 }}{% endfor %}", "too much text");
  expect_end("{% set s = 'a' * 100000 %}{{ s.replace('a', s) }}", "too much text");
  expect_end("{% set s = 'a' * 100000 %}{{ s | replace('', s) }}", "too much text");
  expect_end("{% set s = 'a' * 100000 %}{{ s.join(range(1000) | map('string')) }}", "too much text");
  expect_end("{{ '%999999999d' % 1 }}", "too much text");
  expect_end("{{ '{:999999999}'.format(1) }}", "too much text");
  expect_end("{{ 'a' | center(999999999999) }}", "too much text");
  expect_end("{{ ('a\\n' * 10000) | indent(1000000) }}", "too much text");
  expect_end("{{ (range(1000) | list) | tojson(indent=1000000) }}", "too much text");
  expect_end("{{ [1] * 9223372036854775807 }}", "too m");
  expect_end("{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
             "too m");
  expect_end(
      "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
      "too m");
  EXPECT_EQ(end_of("{{ strftime_now('%0999999999d') }}").empty(), false);
}

TEST(TemplateBounds, Nesting) {
  expect_end("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "too deep");
  expect_end("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "too deep");
  expect_end("{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
             "too deep");
  expect_end(
      "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}",
      "too deep");
  expect_end(
      "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}"
      "{{ ns.l == [ns.l] }}",
      "too deep");
  expect_end(repeated("{% if 1 %}", 100000), "too deep");
  expect_end("{{ " + repeated("(", 100000) + "1" + repeated(")", 100000) + " }}", "too deep");
  expect_end("{{ " + repeated("[", 100000) + "1" + repeated("]", 100000) + " }}", "too deep");
  expect_end("{{ " + repeated("{1:", 100000) + "1" + repeated("}", 100000) + " }}", "too deep");
  expect_end("{{ " + repeated("- ", 100000) + "1 }}", "too deep");
  expect_end("{{ " + repeated("not ", 100000) + "1 }}", "too deep");
  expect_end("{{ " + repeated("1 if 1 else ", 100000) + "1 }}", "too deep");
  expect_end("{{ a" + repeated(".b", 100000) + " }}", "in a row");
  expect_end("{{ a" + repeated("|string", 100000) + " }}", "in a row");
  expect_end("{{ a is " + repeated("a[", 100000) + "1" + repeated("]", 100000) + " }}", "too deep");
}

TEST(TemplateBounds, LongChainsAreNotDeep) {
  EXPECT_EQ(end_of("{{ 1" + repeated(" + 1", 10000) + " }}"), "");
  EXPECT_EQ(end_of("{{ ''" + repeated(" ~ 'a'", 10000) + " }}"), "");
  EXPECT_EQ(end_of("{{ 1" + repeated(" and 1", 10000) + " }}"), "");
  EXPECT_EQ(end_of("{% if 0 %}" + repeated("{% elif 0 %}", 10000) + "{% endif %}"), "");
}

TEST(TemplateBounds, DeepVariables) {
  nlohmann::ordered_json deep = 1;
  for (int i = 0; i < 2000; ++i) deep = nlohmann::ordered_json::array({std::move(deep)});
  EXPECT_NE(end_of("{{ x }}", {{"x", deep}}).find("too deep"), std::string::npos);
}

TEST(TemplateBounds, WhatHoldsItselfIsFreed) {
  // The sanitizer's leak check is the oracle.
  EXPECT_EQ(end_of("{% set ns = namespace() %}{% set ns.me = ns %}{% macro f() %}{% endmacro %}{% set ns.f = f %}"),
            "");
  EXPECT_EQ(
      end_of(
          "{% for x in [1] %}{% macro g() %}{{ x }}{% endmacro %}{% set h = g %}{{ loop.changed(loop) }}{% endfor %}"),
      "");
  EXPECT_EQ(
      end_of(
          "{% macro outer() %}{% macro inner() %}{{ caller }}{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}"),
      "");
  EXPECT_EQ(end_of("{% set ns = namespace() %}{% for x in [1, 2] recursive %}{% set ns.loop = loop %}{% set ns.c = "
                   "loop.changed %}"
                   "{% endfor %}{{ ns.c(ns.loop) }}{{ ns.loop.index }}"),
            "");
}

TEST(TemplateBounds, NothingElseIsReachable) {
  for (const char* source :
       {"{{ ''.__class__.__mro__ }}", "{{ x.__init__.__globals__ }}", "{{ [].append(1) }}", "{{ {}.update({}) }}",
        "{{ self.__dict__ }}", "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{% extends 'x' %}",
        "{{ range.__self__.open }}", "{{ cycler.__init__.x }}", "{{ config.items() }}", "{{ open('/etc/passwd') }}"}) {
    EXPECT_NE(end_of(source), "") << source;
  }
}

TEST(TemplateBounds, BrokenSourcesAreRefused) {
  const std::string source =
      "{%- for m in messages -%}{{ '<' ~ m['role'] | upper ~ m.content[1:-1] }}{% if not loop.last %}, {% endif %}{# c "
      "#}{% endfor %}";
  for (size_t cut = 0; cut < source.size(); ++cut) {
    (void)end_of(source.substr(0, cut));
    (void)end_of(source.substr(cut));
    for (const char c : {'{', '}', '%', '(', '\'', '|', '\0', '\xFF', '[', '-'}) {
      std::string changed = source;
      changed[cut] = c;
      (void)end_of(changed);
    }
  }
}

}  // namespace
}  // namespace deskhand
