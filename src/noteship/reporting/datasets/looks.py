"""How a data set's page looks beyond what all pages share."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
.findings { columns: 32rem 2; column-gap: .7rem; margin: .6rem 0; }
.finding { margin: 0 0 .7rem; break-inside: avoid; border-left: 5px solid var(--alarm); overflow: hidden; }
.finding.remark { border-left-color: var(--gap); }
.finding h3 { font-size: 1rem; margin: 0 0 .25rem; display: flex; gap: .2rem .8rem; flex-wrap: wrap;
  align-items: baseline; }
.finding h3 small { font-weight: 400; font-size: .85rem; color: var(--quiet); overflow-wrap: anywhere; }
.finding p { margin: .15rem 0; overflow-wrap: anywhere; }
.finding .rule { font-size: .8rem; color: var(--quiet); }
.finding table { margin-top: .5rem; font-size: .82rem; }
.finding .wide table { width: max-content; min-width: 100%; }
.finding td { vertical-align: top; overflow-wrap: anywhere; min-width: 4rem; max-width: min(26rem, 60vw); }
.finding th { white-space: nowrap; }
.finding th:first-child, .finding td:first-child { min-width: 3.2rem; width: 4.5rem; }
td.none, .none { color: var(--quiet); font-style: italic; }
.card.target { border: 2px solid var(--window); }
.card .facts-line { margin: .25rem 0 0; font-size: .8rem; line-height: 1.4; color: var(--quiet);
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tag { display: inline-block; border-radius: 4px; padding: 0 .4em; font-size: .78rem; border: 1px solid var(--grid);
  color: var(--quiet); font-weight: 400; white-space: nowrap; }
.tag.alarm { color: var(--alarm); border-color: var(--alarm); }
ul.bars { list-style: none; margin: 0; padding: 0; font-size: .82rem; line-height: 1.45; }
ul.bars li { display: grid; grid-template-columns: minmax(4rem, 38%) 1fr 4.2rem; gap: .5rem; align-items: center; }
ul.bars .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: right; }
ul.bars .bar { height: .68rem; background: var(--grid); border-radius: 2px; }
ul.bars .bar i { display: block; height: 100%; background: var(--window); border-radius: 2px; }
ul.bars .value { font-variant-numeric: tabular-nums; color: var(--quiet); white-space: nowrap; }
ul.bars.broad li { grid-template-columns: minmax(5rem, 16rem) 1fr 15rem; }
.missing ul.bars li { grid-template-columns: minmax(4rem, 32%) 1fr 8.4rem; }
.matrix { overflow-x: auto; }
.matrix svg { width: auto; max-width: none; }
.beside { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: .7rem;
  align-items: start; }
.beside > .panel { margin: 0; min-width: 0; }
.beside.uneven { grid-template-columns: minmax(0, auto) minmax(19rem, 1fr); }
.pairs { font-size: .85rem; }
.panel h3 { font-size: .95rem; margin: 0 0 .4rem; }
@media (max-width: 60rem) { .beside.uneven { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 40rem) { ul.bars.broad li { grid-template-columns: 1fr 8.2rem; } .pairs .measure { display: none; }
  ul.bars.broad .name { grid-column: 1 / -1; text-align: left; } }
"""
