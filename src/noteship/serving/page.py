"""The page on which a model can be tried; it fetches the signature, and needs nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources

__all__ = ["HEADERS", "HTML"]


def _inline(tag: str, html: str) -> str:
    """The hash by which a browser lets one inline script or style through, and no other."""
    text = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digest = hashlib.sha256(text.group(1).encode() if text else b"").digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


HTML = resources.files("noteship.serving").joinpath("page.html").read_text(encoding="utf-8")
HEADERS = {
    "content-security-policy": f"default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; "
    f"form-action 'none'; frame-ancestors 'none'; script-src {_inline('script', HTML)}; "
    f"style-src {_inline('style', HTML)}",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
