// The language of templates: every expected text is what Jinja2 3.1 gives in transformers' environment.

#include <gtest/gtest.h>

#include <ctime>

#include "core/chat_template/chat_template.h"

namespace deskhand {
namespace {

/// What the templates see.
const char* const variables = R"J({
  "a": [1, 2, 3], "d": {"x": 1, "y": [true, null, 2.0], "items": "own"}, "s": "Hé llo", "n": null, "f": 1.5,
  "m": [{"role": "user", "content": "Hi", "n": 2}, {"role": "Bot", "content": "yo", "n": 1}],
  "t": "<b>&'\"</b>", "u": "a,b,,c", "big": {"k1": 1, "k2": "é\n\t\"\\/\u0001😀"}})J";

std::string render(std::string_view source) {
  std::tm time{};
  time.tm_year = 126;
  time.tm_mon = 6;
  time.tm_mday = 26;
  time.tm_hour = 9;
  time.tm_min = 5;
  time.tm_yday = 206;
  return ChatTemplate(source, {}).render(nlohmann::ordered_json::parse(variables), time);
}

struct Case {
  const char* source;
  const char* expected;
};

// clang-format off
const Case texts[] = {
    {R"J({{ a }} {{ d.y }} {{ (1,) }} {{ (1, 'x') }} {{ {} }} {{ {'a': 'it\'s'} }} {{ 'x' }})J",
     R"J([1, 2, 3] [True, None, 2.0] (1,) (1, 'x') {} {'a': "it's"} x)J"},
    {R"J({{ 1.0 }} {{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1/3 }} {{ 2e-7 }} {{ -0.0 }} {{ 123456789.125 }})J",
     R"J(1.0 1e+16 1000000000000000.0 0.0001 1e-05 0.3333333333333333 2e-07 -0.0 123456789.125)J"},
    {R"J({{ none }} {{ None }} {{ true }} {{ False }} {{ missing }}|{{ missing is defined }})J",
     R"J(None None True False |False)J"},
    {R"J({{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 + 2.0 }} {{ true + 1 }})J",
     R"J(3 -4 2 -2 3.5 1024 0.5 3.0 0.5 3.0 2)J"},
    {R"J({{ 'a' + 'b' | upper }} {{ 'a' ~ 1 ~ none ~ missing ~ 2.0 }} {{ [1] + [2] }} {{ 'ab' * 3 }} {{ [0] * 2 }})J",
     R"J(aB a1None2.0 [1, 2] ababab [0, 0])J"},
    {R"J({{ s[0] }}{{ s[-1] }} {{ s[1:4] }} {{ s[::-1] }} {{ a[::-1] }} {{ a[1:] }} {{ a[:-1] }} {{ a[5:] }} {{ a[-2:][0] }} {{ s | length }} {{ (1,2,3)[1:] }})J",
     R"J(Ho é l oll éH [3, 2, 1] [2, 3] [1, 2] [] 2 6 (2, 3))J"},
    {R"J({{ d.x }} {{ d['x'] }} {{ d['items'] }} {{ d.nope is defined }} {{ d.get('nope') }} {{ d.get('nope', 3) }} {{ d.keys() | list }} {{ d.values() | list }})J",
     R"J(1 1 own False None 3 ['x', 'y', 'items'] [1, [True, None, 2.0], 'own'])J"},
    {R"J({{ a is iterable }} {{ s is iterable }} {{ n is iterable }} {{ d is mapping }} {{ s is sequence }} {{ a is sequence }} {{ d is sequence }} {{ missing is iterable }} {{ 1 is number }} {{ true is number }} {{ true is integer }} {{ 1.0 is float }} {{ true is boolean }} {{ n is none }} {{ s is string }})J",
     R"J(True True False True True True True True True True False True True True True)J"},
    {R"J({{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 3 is in a }} {{ 3 is eq 3 }} {{ 'A' is upper }} {{ 'a' is lower }} {{ 1 is sameas true }} {{ range is callable }} {{ 2 is gt 1 }} {{ not 1 is none }})J",
     R"J(True True True True True True True False True True True)J"},
    {R"J({% for x in a %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a','b') }};{% endfor %})J",
     R"J(1032TrueFalse32a;2121FalseFalse313b;3210FalseTrue32a;)J"},
    {R"J({% for x in a if x > 1 %}{{ x }}{{ loop.length }}{% else %}none{% endfor %}{% for x in [] %}{% else %}empty{% endfor %})J",
     R"J(2232empty)J"},
    {R"J({% set x = 1 %}{% for i in a %}{% set x = i %}{{ x }}{% endfor %}{{ x }}{% if true %}{% set x = 9 %}{% endif %}{{ x }})J",
     R"J(12319)J"},
    {R"J({% set ns = namespace(c=0, l=[]) %}{% for i in a %}{% set ns.c = ns.c + i %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.c }} {{ ns.l }} {{ ns.nope is defined }})J",
     R"J(6 [1, 2, 3] False)J"},
    {R"J({% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for (k, v) in d | dictsort %}{{ k }};{% endfor %}{% set a, b = 1, 2 %}{{ a }}{{ b }})J",
     R"J(x=1;y=[True, None, 2.0];items=own;items;x;y;12)J"},
    {R"J({% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %})J",
     R"J(0134)J"},
    {R"J({% macro f(x, y=x) -%} {{ x }}-{{ y }}-{{ z is defined }} {%- endmacro %}{{ f(1) }} {{ f(1, 2) }} {{ f(y=3, x=0) }} {{ f('q') | upper }} {{ f() }})J",
     R"J(1-1-False 1-2-False 0-3-False Q-Q-FALSE --False)J"},
    {R"J({% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, k=3) }})J",
     R"J((1, 2){'k': 3})J"},
    {R"J({% macro f() %}[{{ caller('x') }}]{% endmacro %}{% call(v) f() %}{{ v }}{{ s }}{% endcall %})J",
     R"J([xHé llo])J"},
    {R"J({% macro f() %}{{ later }}{% endmacro %}{% set later = 5 %}{{ f() }})J",
     R"J(5)J"},
    {R"J({% macro fact(n) %}{{ n * (fact(n - 1) | int) if n > 1 else 1 }}{% endmacro %}{{ fact(10) }})J",
     R"J(3628800)J"},
    {R"J({% set x %}  a{{ 1 }} {% endset %}[{{ x }}]{% set y | upper | trim %} q {% endset %}[{{ y }}])J",
     R"J([  a1 ][Q])J"},
    {R"J({% filter upper %}ab{{ s }}{% endfilter %}{% with q = 1, w = 2 %}{{ q + w }}{% endwith %}{{ q is defined }})J",
     R"J(ABHÉ LLO3False)J"},
    {R"J({% generation %}{% set inside = 1 %}g{% endgeneration %}{{ inside is defined }})J",
     R"J(gFalse)J"},
    {R"J({% raw %}{{ x }} {% if %}{% endraw %}|{# comment {{ x }} #}|{#- c -#} |)J",
     R"J({{ x }} {% if %}|||)J"},
    {R"J(  {% if true %}
  yes
  {% endif %}
end)J",
     R"J(  yes
end)J"},
    {R"J({% if true -%}   
  x   
{%- endif %}  y {{- ' z' -}}   w{%+ if true %} k{% endif +%}
 q)J",
     R"J(x  y zw k
 q)J"},
    {R"J(    {%+ if true %}kept{% endif %}
   {{ 1 }})J",
     R"J(    kept   1)J"},
    {R"J({{ 'a\tb\n\\ \'q\' \x41\u00e9 \101 \q' }})J",
     R"J(a	b
\ 'q' Aé A \q)J"},
    {R"J({{ 'a' 'b' }} {{ "x" if false }}|{{ 1 if n else 2 if a else 3 }} {{ a and s }} {{ n or 0 or 'z' }} {{ not n }})J",
     R"J(ab |2 Hé llo z True)J"},
    {R"J({{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ [1,2] < [1,3] }} {{ 1 == 1.0 }} {{ 1 == true }} {{ '1' == 1 }} {{ (1,2) == [1,2] }} {{ none == false }} {{ d == d }})J",
     R"J(True False True True True True False False False True)J"},
    {R"J({{ 2 in a }} {{ 'x' in d }} {{ 'él' in s }} {{ 'é' in s }} {{ 9 not in a }} {{ 'q' in missing }} {{ missing in a }} {{ missing in d }})J",
     R"J(True True False True True False False False)J"},
    {R"J({{ d | tojson }} {{ d | tojson(indent=2) }} {{ a | tojson(separators=(',', ':')) }} {{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }} {{ big | tojson }} {{ big | tojson(ensure_ascii=true) }} {{ [] | tojson(indent=2) }} {{ 1e16 | tojson }} {{ (1, 'x') | tojson }} {{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }})J",
     R"J({"x": 1, "y": [true, null, 2.0], "items": "own"} {
  "x": 1,
  "y": [
    true,
    null,
    2.0
  ],
  "items": "own"
} [1,2,3] {"a": 2, "b": 1} {"k1": 1, "k2": "é\n\t\"\\/\u0001😀"} {"k1": 1, "k2": "\u00e9\n\t\"\\/\u0001\ud83d\ude00"} [] 1e+16 [1, "x"] {"1": 4, "null": 3, "1.5": 5})J"},
    {R"J({{ t | e }} {{ (t | safe) }} {{ ('<i>' | safe) + t }} {{ t + ('<i>' | safe) }} {{ t ~ ('<i>' | safe) }} {{ (t | e) | e }})J",
     R"J(&lt;b&gt;&amp;&#39;&#34;&lt;/b&gt; <b>&'"</b> <i>&lt;b&gt;&amp;&#39;&#34;&lt;/b&gt; &lt;b&gt;&amp;&#39;&#34;&lt;/b&gt;<i> <b>&'"</b><i> &lt;b&gt;&amp;&#39;&#34;&lt;/b&gt;)J"},
    {R"J({{ '  x ' | trim }}| {{ 'xxaxx' | trim('x') }} {{ 'hello world-foo (bar' | title }} {{ 'hELLO' | capitalize }} {{ 'aXa' | replace('a', 'b', 1) }} {{ 'ß' | upper }} {{ "it's x1y" | title }} {{ "it's x1y".title() }})J",
     R"J(x| a Hello World-Foo (Bar Hello bXa SS It's X1y It'S X1Y)J"},
    {R"J({{ '42' | int }} {{ '4.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ ' 12 ' | int }} {{ '1.50' | float }} {{ 2.567 | round(2) }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 2.1 | round(0, 'ceil') }} {{ -3 | abs }} {{ 'ff' | int(0, 16) }} {{ 3.7 | int }})J",
     R"J(42 4 0 7 12 1.5 2.57 2.0 4.0 3.0 3 255 3)J"},
    {R"J({{ a | join }} {{ a | join(', ') }} {{ m | join('-', attribute='role') }} {{ s | list }} {{ a | first }} {{ a | last }} {{ [] | first is defined }} {{ a | sum }} {{ m | sum(attribute='n') }} {{ a | max }} {{ a | min }} {{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} {{ ['b', 'A', 'c'] | sort(reverse=true) }} {{ m | sort(attribute='n') | map(attribute='role') | list }})J",
     R"J(123 1, 2, 3 user-Bot ['H', 'é', ' ', 'l', 'l', 'o'] 1 3 False 6 3 3 1 [1, 2, 3] ['A', 'b', 'c'] ['c', 'b', 'A'] ['Bot', 'user'])J"},
    {R"J({{ m | map(attribute='role') | list }} {{ m | map('length') | list }} {{ a | select('odd') | list }} {{ a | reject('odd') | list }} {{ m | selectattr('role', 'equalto', 'user') | list }} {{ m | rejectattr('role', 'eq', 'user') | map(attribute='n') | list }} {{ [0, 1] | select | list }} {{ m | selectattr('n') | list | length }} {{ ['a'] | map('upper') | join }} {{ n | map('upper') | list }})J",
     R"J(['user', 'Bot'] [3, 3] [1, 3] [2] [{'role': 'user', 'content': 'Hi', 'n': 2}] [1] [1] 2 A [])J"},
    {R"J({{ [1, 1, 2, 'a', 'A'] | unique | list }} {{ a | batch(2) | list }} {{ a | batch(2, 0) | list }} {{ a | reverse | list }} {{ s | reverse }} {{ m | groupby('role') | map('first') | list }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(true) }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ d | items | list | length }})J",
     R"J([1, 2, 'a'] [[1, 2], [3]] [[1, 2], [3, 0]] [3, 2, 1] oll éH ['Bot', 'user'] [('A', 2), ('b', 1)] [('A', 2), ('b', 1)] [('b', 1), ('a', 2)] 3)J"},
    {R"J({{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent(2, blank=true) }}|{{ 'x' | center(5) }}|{{ 'a b  c' | wordcount }} {{ missing | default('q') }} {{ '' | default('q') }}|{{ '' | default('q', true) }} {{ n | d('q') }} {{ n | string }})J",
     R"J(a
    b

    c|  a
  b|a
  
  b|  x  |3 q |q None None)J"},
    {R"J({{ u.split(',') }} {{ u.split(',', 1) }} {{ ' a  b '.split() }} {{ 'a b c d'.split(' ', 2) }} {{ u.rsplit(',', 1) }} {{ ' a b c '.split(none, 1) }} {{ ' a b c '.rsplit(none, 1) }} {{ 'a\nb\r\nc\n'.splitlines() }} {{ ''.split(',') }} {{ ''.split() }})J",
     R"J(['a', 'b', '', 'c'] ['a', 'b,,c'] ['a', 'b'] ['a', 'b', 'c d'] ['a,b,', 'c'] ['a', 'b c '] [' a b', 'c'] ['a', 'b', 'c'] [''] [])J"},
    {R"J({{ '  x '.strip() }}|{{ '  x '.lstrip() }}|{{ '  x '.rstrip() }}|{{ 'abxba'.strip('ab') }} {{ 'x.y'.replace('.', '') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'ab'.replace('', '-') }} {{ 'ab'.startswith('a') }} {{ 'ab'.startswith(('x', 'a')) }} {{ 'ab'.endswith('b') }} {{ '-'.join(['a', 'b']) }} {{ 'héllo'.find('l') }} {{ 'a'.find('q') }} {{ 'aXbX'.count('X') }} {{ 'Ab'.lower() }} {{ 'Ab'.upper() }} {{ 'ab cd'.title() }} {{ 'ab'.capitalize() }} {{ '12'.isdigit() }} {{ 'aB'.isalpha() }} {{ ' '.isspace() }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }})J",
     R"J(x|x |  x|x xy bba -a-b- True True True a-b 2 -1 2 ab AB Ab Cd Ab True True True bc ab)J"},
    {R"J({{ '{}-{}'.format(1, 'x') }} {{ '{1}{0}'.format('a', 'b') }} {{ '{a}{{}}'.format(a=3) }} {{ '{:.2f}'.format(2.345) }} {{ '{:>5}|{:<4}|{:^5}|{:05d}|{:,}'.format('a', 'b', 'c', 42, 1234567) }} {{ '{!r}'.format('q') }} {{ '{:*^7}'.format('mid') }})J",
     R"J(1-x ba 3{} 2.35     a|b   |  c  |00042|1,234,567 'q' **mid**)J"},
    {R"J({{ '%s and %d' % ('a', 3) }} {{ '%s' % 5 }} {{ '%5.2f|%-5s|%05d|%x|%%' % (3.14159, 'ab', 42, 255) }} {{ '%r' % ('x',) }} {{ 'a%sb' | format('-') }})J",
     R"J(a and 3 5  3.14|ab   |00042|ff|% 'x' a-b)J"},
    {R"J({{ range(3) | list }} {{ range(1, 7, 2) | list }} {{ range(3, 0, -1) | list }} {{ range(3)[1] }} {{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }})J",
     R"J([0, 1, 2] [1, 3, 5] [3, 2, 1] 1 {'a': 1, 'b': 2} {'x': 1})J"},
    {R"J({% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner('; ') %}{% for x in a %}{{ j() }}{{ x }}{% endfor %})J",
     R"J(abab1; 2; 3)J"},
    {R"J({% for x in [[1, [2, 3]], 4] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %})J",
     R"J((1@2(2@33@3))4@1)J"},
    {R"J({% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %})J",
     R"J(TrueFalseTrue)J"},
    {R"J({{ strftime_now('%Y-%m-%d %H:%M:%S %d %b %Y %B %A %a %j %I %p %y %-d %e %%') }})J",
     R"J(2026-07-26 09:05:00 26 Jul 2026 July Sunday Sun 207 09 AM 26 26 26 %)J"},
    {R"J({{ 1 if 2 else 3 }}{# a #}{{ (1) }}{{ ((1, 2)) }}{{ [1, 2,] }}{{ {'a': 1,} }}{{ ()|length }})J",
     R"J(11(1, 2)[1, 2]{'a': 1}0)J"},
    {R"J({{ -1 | abs }} {{ - 3 + 5 }} {{ +4 }} {{ not true and false }} {{ not (true and false) }} {{ 2 * 3 + 4 * 5 - 6 / 2 }} {{ 2 ** 3 ** 2 }} {{ 10 - 3 - 2 }})J",
     R"J(1 2 4 False True 23.0 64 5)J"},
    {R"J({{ a.0 }} {{ d.y.2 }} {{ m[1].role }} {{ m[-1]['n'] }} {{ m[7] is defined }} {{ s.nope is defined }} {{ n.x is defined }})J",
     R"J(1 2.0 Bot 1 False False False)J"},
    {R"J({% macro f() %}m{% endmacro %}{% set g = f %}{{ g() }}{{ f.name }})J",
     R"J(mf)J"},
    {R"J({% for x in a %}{% set y = x %}{% for z in a %}{% if y == z %}{{ loop.index }}{% endif %}{% endfor %}{% endfor %})J",
     R"J(123)J"},
    {R"J({%- set x = 'v' -%} {{ x }}
{% if x == 'v' %}A{% elif x == 'w' %}B{% else %}C{% endif %}
)J",
     R"J(v
A)J"},
    {R"J({{ s.__class__ }})J",
     R"J()J"},
};

/// The expected words are those of the error; empty for syntax errors, whose words are our own.
const Case errors[] = {
    {R"J({% macro f(x, y=2, z) %}{{ x }}{{ y }}{{ z }}{% endmacro %}{{ f(1) }})J",
     R"J()J"},
    {R"J({{ 'a' ~ 1 + 2 }})J",
     R"J(can only concatenate str (not "int") to str)J"},
    {R"J({{ missing.x }})J",
     R"J('missing' is undefined)J"},
    {R"J({{ d.nope.more }})J",
     R"J('dict object' has no attribute 'nope')J"},
    {R"J({{ a.append(4) }})J",
     R"J(access to attribute 'append' of 'list' object is unsafe.)J"},
    {R"J({{ d.update({}) }})J",
     R"J(access to attribute 'update' of 'dict' object is unsafe.)J"},
    {R"J({{ s.__class__.__mro__ }})J",
     R"J(access to attribute '__class__' of 'str' object is unsafe.)J"},
    {R"J({{ 'a' + 1 }})J",
     R"J(can only concatenate str (not "int") to str)J"},
    {R"J({{ 1 + 'a' }})J",
     R"J(unsupported operand type(s) for +: 'int' and 'str')J"},
    {R"J({{ 1 / 0 }})J",
     R"J(division by zero)J"},
    {R"J({{ 'a' < 1 }})J",
     R"J('<' not supported between instances of 'str' and 'int')J"},
    {R"J({{ n | length }})J",
     R"J(object of type 'NoneType' has no len())J"},
    {R"J({{ 1 in 'abc' }})J",
     R"J('in <string>' requires string as left operand, not int)J"},
    {R"J({{ x | nofilter }})J",
     R"J(No filter named 'nofilter'.)J"},
    {R"J({{ x is notest }})J",
     R"J(No test named 'notest'.)J"},
    {R"J({% for a, b in [[1]] %}{% endfor %})J",
     R"J(not enough values to unpack (expected 2, got 1))J"},
    {R"J({{ raise_exception('own words') }})J",
     R"J(own words)J"},
    {R"J({% set d.x = 1 %})J",
     R"J(cannot assign attribute on non-namespace object)J"},
    {R"J({{ missing | tojson }})J",
     R"J(Object of type Undefined is not JSON serializable)J"},
    {R"J({{ range(1000000) }})J",
     R"J(Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).)J"},
    {R"J({{ {[1]: 2} }})J",
     R"J(unhashable type: 'list')J"},
    {R"J({% macro f(a) %}{% endmacro %}{{ f(1, 2) }})J",
     R"J(macro 'f' takes not more than 1 argument(s))J"},
    {R"J({% macro f(a) %}{% endmacro %}{{ f(b=2) }})J",
     R"J(macro 'f' takes no keyword argument 'b')J"},
    {R"J({{ 5() }})J",
     R"J('int' object is not callable)J"},
    {R"J({% if %}{% endif %})J",
     R"J()J"},
    {R"J({% for x in a %})J",
     R"J()J"},
    {R"J({{ (1 }})J",
     R"J()J"},
    {R"J({{ 'abc }})J",
     R"J()J"},
    {R"J({% endif %})J",
     R"J()J"},
    {R"J({% unknown %})J",
     R"J()J"},
    {R"J({{ 1 + }})J",
     R"J()J"},
    {R"J({# open)J",
     R"J()J"},
    {R"J({{ a[ }})J",
     R"J()J"},
    {R"J({% break %}
)J",
     R"J()J"},
};
// clang-format on

TEST(TemplateLanguage, GivesWhatJinjaGives) {
  for (const Case& c : texts) {
    try {
      EXPECT_EQ(render(c.source), c.expected) << c.source;
    } catch (const TemplateError& error) {
      ADD_FAILURE() << c.source << ": " << error.what();
    }
  }
}

TEST(TemplateLanguage, FailsWhereJinjaFails) {
  for (const Case& c : errors) {
    try {
      ADD_FAILURE() << c.source << " gave " << render(c.source);
    } catch (const TemplateError& error) {
      EXPECT_NE(std::string(error.what()).find(c.expected), std::string::npos) << c.source << ": " << error.what();
    }
  }
}

TEST(TemplateLanguage, ErrorsTellTheLine) {
  try {
    (void)render("a\nb\n{{ raise_exception('no') }}");
    FAIL();
  } catch (const TemplateError& error) {
    EXPECT_STREQ(error.what(), "template line 3: no");
  }
  try {
    (void)render("a\n\n{% if x %}\n{% endfor %}");
    FAIL();
  } catch (const TemplateError& error) {
    EXPECT_NE(std::string(error.what()).find("line 4"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace deskhand
