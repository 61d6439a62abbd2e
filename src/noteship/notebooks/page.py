"""An executed notebook as one self-contained page, readable without Jupyter."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from noteship.notebooks.harmless import harmless

__all__ = ["page"]

# Outputs are foreign HTML: nothing in them may run, or fetch anything. No policy forbids what leads elsewhere by
# itself, so that is taken out besides.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
# The first that an output has is shown; a browser shows them better in this order.
RICHNESS = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain")
STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #8889; --code: #8881; --wrong: #c33; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1.title { font-size: 1.2rem; border-bottom: 1px solid var(--line); padding-bottom: .5rem; }
.cell { display: grid; grid-template-columns: 3.5rem minmax(0, 1fr); gap: .25rem 0; margin: 1rem 0; }
.count { color: var(--quiet); font: 12px/2.2 ui-monospace, monospace; }
pre { font: 13px/1.5 ui-monospace, monospace; overflow-x: auto; margin: 0; padding: .6rem .8rem; }
pre { white-space: pre-wrap; }
.code pre { background: var(--code); border-radius: 6px; white-space: pre; }
.output { grid-column: 2; overflow-x: auto; }
.output img, .output svg { max-width: 100%; height: auto; background: #fff; }
.error pre { border-left: 4px solid var(--wrong); }
table { border: 0; border-collapse: collapse; font-size: 13px; }
th, td { padding: .2rem .6rem; border: 0; border-bottom: 1px solid var(--line); text-align: right; }
.markdown { grid-column: 2; }
.markdown code { background: var(--code); padding: 0 .2em; border-radius: 3px; }
"""


def page(title: str, text: str) -> str:
    """The page of a notebook's JSON text; its policy keeps outputs from running scripts and from fetching anything."""
    notebook = json.loads(text)
    cells = "\n".join(_cell(cell) for cell in notebook.get("cells", []))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}{_code_style()}</style></head>\n'
        f'<body><h1 class="title">{html.escape(title)}</h1>\n{cells}\n</body></html>\n'
    )


def _cell(cell: Mapping[str, Any]) -> str:
    source = _joined(cell.get("source", ""))
    if cell.get("cell_type") == "markdown":
        return f'<div class="cell"><div class="markdown">{_markdown(source)}</div></div>'
    if cell.get("cell_type") != "code":
        return f'<div class="cell"><div class="output"><pre>{html.escape(source)}</pre></div></div>'
    count = cell.get("execution_count")
    outputs = "".join(_outputs(cell.get("outputs", [])))
    number = f"[{count}]" if count else "[ ]"
    return f'<div class="cell"><div class="count">{number}</div><div class="code">{_code(source)}</div>{outputs}</div>'


def _outputs(outputs: list[Mapping[str, Any]]) -> Iterator[str]:
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            yield f'<div class="output"><pre>{_plain(_joined(output.get("text", "")))}</pre></div>'
        elif kind == "error":
            trace = "\n".join(output.get("traceback", [])) or f"{output.get('ename')}: {output.get('evalue')}"
            yield f'<div class="output error"><pre>{_plain(trace)}</pre></div>'
        else:
            yield f'<div class="output">{_rich(output.get("data", {}))}</div>'


def _rich(data: Mapping[str, Any]) -> str:
    for kind in RICHNESS:
        if kind not in data:
            continue
        value = _joined(data[kind])
        if kind in ("text/html", "image/svg+xml"):
            return harmless(value)
        if kind.startswith("image/"):
            return f'<img alt="" src="data:{kind};base64,{html.escape(value.strip())}">'
        return _markdown(value) if kind == "text/markdown" else f"<pre>{_plain(value)}</pre>"
    return f"<pre>{html.escape(', '.join(data))}</pre>" if data else ""


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _plain(text: str) -> str:
    """Text as a terminal would show it, without its colours."""
    return html.escape(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text))


def _markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


def _code(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(text, PythonLexer(), HtmlFormatter(nowrap=False)))


def _code_style() -> str:
    from pygments.formatters import HtmlFormatter

    light, dark = (_styles(HtmlFormatter(style=name)) for name in ("default", "github-dark"))
    quiet = ".code .highlight { background: none; }"
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n{quiet}"


def _styles(formatter: Any) -> str:
    return str(formatter.get_style_defs(".code"))
