"""How a report of a validation looks beyond what all pages have."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
h3 { font-size: .95rem; margin: 1rem 0 .3rem; }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
.state { white-space: nowrap; font-weight: 600; }
p.note { margin: .3rem 0; }
.digest { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
table.matrix { width: auto; border-collapse: separate; border-spacing: 2px; font-variant-numeric: tabular-nums; }
table.matrix td, table.matrix th { border: 0; padding: .2rem .35rem; text-align: center; }
table.matrix td, table.matrix th { border: 0; padding: .2rem .3rem; text-align: center; }
table.matrix td { min-width: 2.6rem; border-radius: 4px; line-height: 1.2; white-space: nowrap; }
table.matrix td small { display: block; font-size: .7rem; color: inherit; opacity: .8; }
table.matrix td.none { background: var(--back); color: var(--gap); }
table.matrix td.sum, table.matrix th.sum { color: var(--quiet); }
table.matrix th { color: var(--ink); }
table.matrix th span { display: block; max-width: 9rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
table.matrix th[scope=row] { text-align: right; position: sticky; left: 0; background: var(--paper); }
table.matrix th[scope=col] { vertical-align: bottom; }
table.matrix.many td { min-width: 2.3rem; padding: .15rem; font-size: .82rem; }
table.matrix.many th[scope=col] span { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
  max-width: none; max-height: 9rem; margin: auto; }
dl.origin { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .35rem 1.2rem; margin: 0; }
dl.origin dt { color: var(--quiet); }
dl.origin dd { margin: 0; overflow-wrap: anywhere; }
td.what small { display: block; }
.origins { margin-bottom: .8rem; border-bottom: 1px solid var(--grid); }
.one { display: grid; grid-template-columns: 17.4rem 1fr; gap: .7rem; margin: .6rem 0; }
.one .panel { margin: 0; }
.cards.square figcaption { display: block; min-height: 2.9rem; }
.cards.square figcaption b, .cards.square figcaption small { display: block; }
.cards.square { grid-template-columns: repeat(auto-fill, minmax(16.4rem, 1fr)); }
.wide td.what, .wide td.digest { overflow-wrap: break-word; }
.origins td.digest { white-space: nowrap; }
td.lane { min-width: 12rem; }
@media (max-width: 60rem) { .one { grid-template-columns: 1fr; } }
@media (max-width: 56rem) { dl.origin { grid-template-columns: 1fr; gap: 0; } dl.origin dd { margin-bottom: .6rem; }
  td.lane { min-width: 0; } table.matrix th span { max-width: 6rem; font-size: .75rem; } }
"""
