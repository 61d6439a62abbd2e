"""Foreign HTML without what runs, fetches or leads elsewhere by itself."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

__all__ = ["harmless"]

# Those that run, fetch or lead away, and those that would take in or end the page around them.
DROPPED = frozenset(
    {"applet", "base", "embed", "fencedframe", "form", "frame", "frameset", "iframe", "link", "meta", "object"}
    | {"portal", "script"}
    | {"body", "head", "html", "noembed", "noframes", "noscript", "plaintext", "template", "textarea", "xmp"}
)
# Their text is code, not prose.
RAW = ("script", "style")
# In HTML they have no end, and `</br>` is another break.
VOID = frozenset({"area", "br", "col", "hr", "img", "input", "source", "track", "wbr"})
ELEMENT = re.compile(r"[a-z][a-z0-9:-]*")
ATTRIBUTE = re.compile(r"(?!on)[a-z_][a-z0-9_:.-]*")
SCRIPT_ADDRESS = re.compile(r"[\x00-\x20]*j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t\s*:", re.IGNORECASE)
# How SVG wraps its style; the signs mean nothing in a style sheet.
WRAPPING = re.compile(r"<!--|-->|<!\[CDATA\[|\]\]>")


def harmless(text: str) -> str:
    """The same HTML or SVG, written anew from its tags and text.

    Guarantee: every `<` in it begins one of the tags that are kept, so a browser that reads foreign HTML otherwise
    than this does still finds no other. Comments and declarations are left out.
    """
    writer = _Writer()
    writer.feed(text)
    writer.close()
    return "".join(writer.written)


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self._raw = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._raw = tag if tag in RAW else ""
        self._start(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)
        # HTML knows no elements that end themselves: a style or title left open would take in the rest of the page.
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""
        if _is_kept(tag) and tag not in VOID:
            self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._raw == "style":
            # Within SVG a browser reads a style sheet as markup, elsewhere not.
            self.written.append(WRAPPING.sub("", data).replace("<", ""))
        elif not self._raw:
            self.written.append(html.escape(data, quote=False))

    def _start(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not _is_kept(tag):
            return
        kept = (
            name if value is None else f'{name}="{html.escape(value)}"'
            for name, value in attrs
            if ATTRIBUTE.fullmatch(name) and not SCRIPT_ADDRESS.match(value or "")
        )
        self.written.append(f"<{' '.join((tag, *kept))}>")


def _is_kept(tag: str) -> bool:
    return tag not in DROPPED and ELEMENT.fullmatch(tag) is not None
