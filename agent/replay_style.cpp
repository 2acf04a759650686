#include "agent/replay_style.h"

namespace deskhand {

std::string_view replay_style() {
  return R"css(
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --ink: #1c2430; --soft: #5d6875; --line: #dfe3e8;
  --accent: #2b5fd9; --good: #1a7f4b; --good-ground: #e2f4ea; --warn: #8a5a00; --warn-ground: #fdf1d8; --bad: #b3261e;
  --bad-ground: #fce5e3; --plain-ground: #eceff3; }
@media (prefers-color-scheme: dark) { :root { --ground: #12161c; --card: #1b212a; --ink: #e5e9ef; --soft: #98a3b1;
  --line: #2e3743; --accent: #8ab0ff; --good: #6fd6a0; --good-ground: #15352a; --warn: #f0c36a; --warn-ground: #3a2e14;
  --bad: #ff9d95; --bad-ground: #43201d; --plain-ground: #28303b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
header { margin-bottom: 1.25rem; }
.eyebrow { margin: 0; color: var(--soft); font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: .2rem 0 .6rem; font-size: 1.9rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { display: flex; gap: .75rem; align-items: baseline; margin: 0 0 .6rem; font-size: 1.1rem; }
h2 code { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
.number { flex: none; min-width: 1.9rem; padding: .1rem .4rem; border-radius: .5rem; background: var(--accent); color: var(--card);
  font-size: .9rem; text-align: center; text-decoration: none; font-variant-numeric: tabular-nums; }
.badges { display: flex; flex-wrap: wrap; gap: .4rem; margin: 0 0 .8rem; }
.badge { padding: .1rem .6rem; border-radius: 1rem; font-size: .85rem; }
.badge.plain { background: var(--plain-ground); color: var(--soft); }
.good { background: var(--good-ground); color: var(--good); }
.warn { background: var(--warn-ground); color: var(--warn); }
.bad { background: var(--bad-ground); color: var(--bad); }
.chain { padding: .6rem .9rem; border-radius: .6rem; font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0 0 1rem; font-size: .95rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.step, .thought { margin: 1rem 0; padding: 1.2rem 1.3rem; border: 1px solid var(--line); border-radius: .9rem; background: var(--card); }
.thought { padding: .8rem 1.3rem; }
.thought summary { cursor: pointer; color: var(--soft); font-size: .95rem; }
.thought pre { margin: .8rem 0 .2rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
figure { margin: 0; }
figure img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: .5rem; }
figcaption { margin-top: .35rem; color: var(--soft); font-size: .85rem; }
@media print { .step { break-inside: avoid; } }
)css";
}

}  // namespace deskhand
