#include "common/web/style.h"

#include <string_view>

namespace twinzone::web {

namespace {

// Text on its ground has a contrast of 4.5 to 1 and more in both schemes (WCAG 2.2 §1.4.3); the
// interop test measures it. Colour never stands alone: each state has its word and its sign.
constexpr std::string_view kColours = R"(
:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --sheet: #ffffff; --line: #dfe3e8; --line-soft: #eceff2;
  --ink: #1c2127; --ink-soft: #56606b; --link: #0b5cad; --focus: #0b5cad;
  --good: #186a35; --good-ground: #e4f4e9;
  --busy: #0b5cad; --busy-ground: #e5f0fb;
  --warn: #7a4d00; --warn-ground: #fdf1d8;
  --bad: #a51d1d; --bad-ground: #fce8e6;
  --calm: #56606b; --calm-ground: #eceff2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181c; --sheet: #1b2026; --line: #323a43; --line-soft: #272e36;
    --ink: #e6eaee; --ink-soft: #a3aeb9; --link: #7db7f2; --focus: #7db7f2;
    --good: #7fd49a; --good-ground: #17301f;
    --busy: #8cc0f5; --busy-ground: #16283b;
    --warn: #f0c36c; --warn-ground: #352908;
    --bad: #ff9d94; --bad-ground: #3d1a18;
    --calm: #a3aeb9; --calm-ground: #272e36;
  }
}
)";

constexpr std::string_view kPage = R"(
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system,
  "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
a { color: var(--link); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
a:focus-visible, input:focus-visible, select:focus-visible, button:focus-visible, .table:focus-visible {
  outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999em; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--sheet); padding: 0.3rem 0.6rem; z-index: 1; }
header.top, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 1.5rem; }
header.top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.75rem; padding-top: 1.1rem; }
header.top .brand { display: flex; align-items: center; gap: 0.5rem; font-weight: 650; font-size: 1.05rem;
  color: var(--ink); text-decoration: none; }
header.top .brand svg { fill: none; stroke: var(--link); stroke-width: 2.4; }
header.top .where { color: var(--ink-soft); }
h1 { font-size: 1.7rem; line-height: 1.25; font-weight: 650; margin: 1.1rem 0 0.9rem; letter-spacing: -0.01em;
  overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; font-weight: 650; margin: 2rem 0 0.6rem; }
p { margin: 0.4rem 0; }
.quiet { color: var(--ink-soft); }
.number { white-space: nowrap; }
footer { color: var(--ink-soft); font-size: 0.87rem; padding-top: 1.6rem; padding-bottom: 2.2rem; }
footer ul, .states, .pages ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: 0.3rem 1.1rem; }
)";

constexpr std::string_view kParts = R"(
.state { display: inline-block; white-space: nowrap; font-weight: 600; font-size: 0.87rem; line-height: 1.35;
  padding: 0.12rem 0.6rem; border-radius: 1rem; color: var(--calm); background: var(--calm-ground); }
.state::before { margin-right: 0.4em; content: "○"; content: "○" / ""; }
.good { color: var(--good); } .state.good { background: var(--good-ground); }
.busy { color: var(--busy); } .state.busy { background: var(--busy-ground); }
.warn { color: var(--warn); } .state.warn { background: var(--warn-ground); }
.bad { color: var(--bad); } .state.bad { background: var(--bad-ground); }
.state.good::before { content: "●"; content: "●" / ""; }
.state.busy::before { content: "◐"; content: "◐" / ""; }
.state.warn::before { content: "▲"; content: "▲" / ""; }
.state.bad::before { content: "■"; content: "■" / ""; }
h1 .state { vertical-align: middle; margin-left: 0.5rem; letter-spacing: 0; }
.states { gap: 0.5rem; margin-bottom: 1.1rem; }
.states a { text-decoration: none; }
.states a:hover .state { text-decoration: underline; }
.states a[aria-current] .state { box-shadow: 0 0 0 2px currentColor; }
form.filter { display: flex; flex-wrap: wrap; align-items: end; gap: 0.6rem; margin-bottom: 1rem; }
form.filter label { display: grid; gap: 0.15rem; font-size: 0.87rem; color: var(--ink-soft); }
input, select, button { font: inherit; color: var(--ink); background: var(--sheet);
  border: 1px solid var(--ink-soft); border-radius: 0.4rem; padding: 0.32rem 0.65rem; min-height: 2.3rem; }
input { width: 18rem; max-width: 100%; }
button { background: var(--link); border-color: var(--link); color: var(--sheet); font-weight: 600;
  cursor: pointer; padding: 0.32rem 1.1rem; }
.table { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.6rem; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.55rem 0.9rem; }
thead th { font-size: 0.82rem; font-weight: 600; color: var(--ink-soft); border-bottom: 1px solid var(--line);
  white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid var(--line-soft); }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 16rem; }
tbody th .quiet, tbody td .quiet { font-weight: 400; font-size: 0.87rem; display: block; }
td .said { font-weight: 600; overflow-wrap: anywhere; }
td .lag { font-weight: 600; white-space: nowrap; }
.many { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 0.5rem 0.9rem;
  min-width: 30rem; }
.spark { display: block; margin-top: 0.2rem; fill: none; stroke: currentColor; stroke-width: 1.5;
  stroke-linejoin: round; stroke-linecap: round; overflow: visible; }
.spark.flat { opacity: 0.75; margin-top: 0; }
.pages { margin-top: 1rem; } .pages ul { align-items: center; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1px; margin: 0;
  background: var(--sheet); border: 1px solid var(--line); border-radius: 0.6rem; overflow: hidden; }
dl.facts div { padding: 0.6rem 0.9rem; box-shadow: 0 0 0 1px var(--line-soft); }
dl.facts .digest { font: 0.8rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
dt { font-size: 0.82rem; color: var(--ink-soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.reason { border-left: 4px solid currentColor; padding: 0.5rem 0.9rem; background: var(--sheet);
  border-radius: 0 0.4rem 0.4rem 0; margin: 0 0 1rem; overflow-wrap: anywhere; }
.reason span { color: var(--ink); }
ol.why { list-style: none; margin: 0; padding: 0; background: var(--sheet); border: 1px solid var(--line);
  border-radius: 0.6rem; }
ol.why li { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0.5rem 0.9rem; overflow-wrap: anywhere; }
ol.why li + li { border-top: 1px solid var(--line-soft); }
ol.why time { color: var(--ink-soft); white-space: nowrap; }
ol.why li > span { flex: 1 1 20rem; }
ol.why .warn::before { content: "▲ "; content: "▲ " / "warning: "; }
ol.why .bad::before { content: "■ "; content: "■ " / "error: "; }
.empty { padding: 2rem 1rem; text-align: center; color: var(--ink-soft); }
)";

// A row becomes a card; each cell says by data-label what its column said. The roles of a table are
// written out in the markup, since `display` takes the implied ones away.
constexpr std::string_view kNarrow = R"(
@media (max-width: 64rem) {
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards, .cards tbody { display: block; }
  .cards tbody tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
    gap: 0.5rem 0.9rem; padding: 0.8rem 0.9rem; }
  .cards tbody tr + tr { border-top: 1px solid var(--line); }
  .cards tbody tr > * { border: 0; padding: 0; display: block; min-width: 0; }
  .cards tbody th, .cards td.wide { grid-column: 1 / -1; }
  .cards tbody th { font-size: 1.05rem; }
  .cards td::before { content: attr(data-label); content: attr(data-label) / ""; color: var(--ink-soft);
    font-size: 0.82rem; display: block; overflow-wrap: anywhere; }
  .many { min-width: 0; }
}
@media (max-width: 46rem) {
  header.top, main, footer { padding-left: 0.9rem; padding-right: 0.9rem; }
  h1 { font-size: 1.35rem; }
  input { width: 100%; }
  form.filter label:first-child { flex: 1 1 100%; }
  .spark { max-width: 100%; }
}
@media print { form, .pages, .skip { display: none; } }
)";

}  // namespace

std::string style_sheet() {
    std::string text;
    for (const std::string_view part : {kColours, kPage, kParts, kNarrow}) {
        text.append(part);
    }
    return text;
}

}  // namespace twinzone::web
