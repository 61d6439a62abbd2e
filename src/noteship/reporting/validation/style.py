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
table.matrix td { min-width: 2.6rem; border-radius: 4px; line-height: 1.2; }
table.matrix td small { display: block; font-size: .7rem; color: inherit; opacity: .8; }
table.matrix th[scope=row] { text-align: right; max-width: 9rem; position: sticky; left: 0; background: var(--paper);
  overflow-wrap: anywhere; color: var(--ink); }
table.matrix th[scope=col] { vertical-align: bottom; color: var(--ink); max-width: 7rem; overflow-wrap: anywhere; }
table.matrix.many th[scope=col] { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
  max-width: none; max-height: 9rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
table.matrix td.sum { color: var(--quiet); }
dl.origin { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .35rem 1.2rem; margin: 0; }
dl.origin dt { color: var(--quiet); }
dl.origin dd { margin: 0; overflow-wrap: anywhere; }
td.lane { min-width: 12rem; }
@media (max-width: 40rem) { dl.origin { grid-template-columns: 1fr; gap: 0; } dl.origin dd { margin-bottom: .6rem; }
  td.lane { min-width: 0; } table.matrix th[scope=row] { max-width: 5.5rem; font-size: .75rem; } }
"""
