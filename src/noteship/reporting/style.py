"""How the page looks, by day and by night, on a screen and on paper."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DAY", "POLICY", "STYLE"]

# The page fetches nothing and runs nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
# The colours that charts name, and what else the page has, by day and by night.
DAY = {
    "ink": "#1a1c1e",
    "quiet": "#6b7075",
    "grid": "#e3e5e7",
    "reference": "#c3c7cb",
    "window": "#0072b2",
    "gap": "#b9bec3",
    "paper": "#ffffff",
    "back": "#f5f6f7",
    "alarm": "#d55e00",
}
NIGHT = {
    "ink": "#e6e8ea",
    "quiet": "#9aa0a6",
    "grid": "#34383c",
    "reference": "#5d6368",
    "window": "#62bdf2",
    "gap": "#565b60",
    "paper": "#1c1f22",
    "back": "#131517",
    "alarm": "#ff8a3d",
}


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


STYLE = f"""
:root {{ color-scheme: light dark; {_variables(DAY)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(NIGHT)} }} }}"""
STYLE += """
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 74rem; padding: 1.5rem 1.25rem 4rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
header p, .quiet, figcaption small, .most { color: var(--quiet); }
h1 { font-size: 1.15rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .3rem; }
header p { margin: .1rem 0 0; font-size: .87rem; overflow-wrap: anywhere; }
.panel, .card { background: var(--paper); border: 1px solid var(--grid); border-radius: 8px; }
.panel { padding: .8rem 1rem; margin: .6rem 0; }
.verdict { display: grid; grid-template-columns: auto 1fr; gap: 1rem; align-items: center; border-left: 6px solid;
  font-size: 1.25rem; line-height: 1.4; padding: 1rem 1.2rem; margin-top: 1rem; }
.verdict p { margin: 0; overflow-wrap: anywhere; }
.verdict .meaning { font-size: .9rem; color: var(--quiet); margin-top: .3rem; }
.verdict .icon { width: 2.4rem; height: 2.4rem; }
.icon { width: .85em; height: .85em; vertical-align: -.06em; margin-right: .3em; overflow: visible; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .6rem; margin: .6rem 0; }
dl.facts div { background: var(--paper); border: 1px solid var(--grid); border-radius: 8px; padding: .55rem .8rem; }
dl.facts dt { font-size: .8rem; color: var(--quiet); }
dl.facts dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
dl.facts small { display: block; font-size: .78rem; color: var(--quiet); line-height: 1.35; }
svg { display: block; width: 100%; height: auto; font-family: system-ui, sans-serif; }
svg.icon { display: inline-block; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin: .2rem 0 .5rem; padding: 0;
  font-size: .85rem; }
ul.legend svg.swatch { display: inline-block; width: 1.9em; height: .9em; vertical-align: -.08em; margin-right: .4em; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(19.5rem, 1fr)); gap: .7rem; margin: .6rem 0; }
.card { margin: 0; padding: .6rem .75rem .5rem; display: flex; flex-direction: column; }
.card.culprit { border: 2px solid var(--alarm); }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .8rem; margin-bottom: .3rem; }
figcaption b { overflow-wrap: anywhere; }
figcaption small { font-variant-numeric: tabular-nums; }
.most { margin: .25rem 0 0; font-size: .8rem; line-height: 1.35; overflow-wrap: anywhere; }
.moved { color: var(--alarm); font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: .8rem; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--grid); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.span { width: 14rem; min-width: 9rem; }
td.what { overflow-wrap: anywhere; }
td.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.chart { overflow-x: auto; }
.time.chart { direction: rtl; }
.chart svg { direction: ltr; }
td.kept { vertical-align: top; overflow-wrap: anywhere; min-width: 5rem; }
summary { cursor: pointer; margin: .6rem 0; color: var(--window); }
dl.guide dt { font-weight: 600; margin-top: .7rem; }
dl.guide dd { margin: 0; }
td.lane { width: 45%; padding-right: 0; }
table.lanes td.what { min-width: 11rem; }
svg.lane { overflow: visible; font-variant-numeric: tabular-nums; }
svg.lane svg { overflow: visible; }
table.lanes small { display: block; color: var(--quiet); font-size: .8rem; line-height: 1.3; }
table.lanes tr.axis td { padding: 0; border: 0; }
table.lanes tr.about td { color: var(--quiet); font-size: .85rem; padding-top: .9rem; }
table.lanes tr:has(+ .axis) td { border: 0; }
@media (max-width: 56rem) { table.lanes, table.lanes tbody { display: block; }
  table.lanes tr { display: flex; flex-wrap: wrap; gap: 0 .7rem; padding: .35rem 0;
    border-bottom: 1px solid var(--grid); }
  table.lanes thead, table.lanes tr.axis td:empty { display: none; }
  table.lanes td { border: 0; padding: 0; }
  table.lanes td.what { flex: 1 1 100%; font-weight: 600; }
  table.lanes td.what small { font-weight: 400; }
  table.lanes td.number { white-space: normal; font-size: .85rem; }
  table.lanes tr.axis, table.lanes tr:has(+ .axis) { border: 0; }
  table.lanes td.number::before { content: attr(data-head) " "; color: var(--quiet); font-size: .8rem; }
  table.lanes td.lane { flex: 1 1 100%; width: 100%; } }
@media (max-width: 40rem) { td.span, th.span { display: none; } .verdict { font-size: 1.05rem; }
  .chart svg { width: 48rem; } .chart svg text { font-size: 10px !important; } }
@media print { body { background: none; } .panel, .card { break-inside: avoid; } }
"""
