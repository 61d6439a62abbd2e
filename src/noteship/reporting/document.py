"""What every page is wrapped in: it fetches nothing and runs nothing, and is XML, too."""

from __future__ import annotations

from noteship.reporting.style import POLICY, STYLE
from noteship.reporting.words import escaped

__all__ = ["document"]


def document(title: str, body: str, style: str = "") -> str:
    """One HTML page that needs nothing else; its policy forbids that, too.

    `title`: as plain text; `body`: the elements, with all foreign text escaped; `style`: what the page has beside the
    style of all.
    """
    return (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><meta charset="utf-8"/>\n'
        f"<title>{escaped(title)}</title>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"/>\n'
        f'<meta name="viewport" content="width=device-width"/>\n<style>{STYLE}{style}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )
