"""Puts another folder before the absolute paths of other machines, wherever a source or a command line names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from posixpath import dirname

from noteship.notebooks.uses import Elsewhere

__all__ = ["Redirection"]

# A path begins after a quote, a blank, an equals sign and the like, or after the scheme of an address.
_BEFORE = r"(?:(?<![\w.~:/\\})\]*%$@-])|(?<=:///)|(?<=://))"
# What goes on with one of these is the name of another folder.
_AFTER = r"(?![\w.{*%-])"
# What code fills in is not a part of the name any more.
_REST = r"[^'\"\s{}<>|%]*"
# Windows' separators, also as they are written within the texts of Python and JSON.
_SEPARATOR = r"(?:/|\\{1,4})"
_DRIVE = re.compile(r"[A-Za-z]:/")
# These would not be the same within a text of Python's.
_UNFIT = re.compile(r"['\"{}\\\n]")


class Redirection:
    """The paths of `elsewhere` become paths below the folder `top`.

    A text that names one of its folders, or anything in it, is changed. Where the code composes a path of a shorter
    piece (`HOME = "/home/a"`), that piece is: the longest there is in the `sources`, which are all that the stage runs.
    `lost` are the paths of which the sources hold no piece, or all if texts cannot have the name of `top` in them.
    """

    def __init__(self, elsewhere: Sequence[Elsewhere], top: str, sources: Sequence[str]) -> None:
        self._top = top
        moved = [each for each in elsewhere if not each.path.startswith("../")]
        self._files = [file for each in moved for file in each.files]
        self._whole = {each.path for each in moved}
        self.pieces: set[str] = set()
        self.lost: list[str] = []
        self.possible = bool(moved) and _UNFIT.search(top) is None
        if moved and not self.possible:
            self.lost = self._files
        elif self.possible:
            self._expression = self._compiled()
            self._find_pieces(sources)
            self._expression = self._compiled()

    def text(self, source: str) -> str:
        """The source with other paths, on as many lines."""
        return self._expression.sub(self._moved, source) if self.possible else source

    def cell(self, source: str) -> str:
        """The source of a cell; what `%%writefile` writes is an output, and stays as it is."""
        if source.lstrip().startswith(("%%writefile", "%%file")):
            head, newline, body = source.partition("\n")
            return self.text(head) + newline + body
        return self.text(source)

    def _compiled(self) -> re.Pattern[str]:
        paths = sorted({*self._whole, *self.pieces}, key=len, reverse=True)
        return re.compile("|".join(f"(?:{self._pattern(path)})" for path in paths), re.MULTILINE)

    def _pattern(self, path: str) -> str:
        if path in self.pieces:
            return rf"{_BEFORE}{_spelled(path)}(?=(?:{_SEPARATOR})?(?:['\"\s{{]|$))"
        rest = r"[^'\"\n]*" if _DRIVE.match(path) else ""
        return f"{_BEFORE}{_spelled(path)}{_AFTER}{rest}"

    def _moved(self, found: re.Match[str]) -> str:
        text = _plain(found.group())
        # A name at the root may be anything else: a route, a key in a file.
        if text.count("/") == 1 and text in self._whole and not self._is_known(found):
            return found.group()
        return f"{self._top}/{text.lstrip('/')}"

    def _is_known(self, found: re.Match[str]) -> bool:
        rest = re.compile(_REST).match(found.string, found.end())
        token = found.group() + (rest.group() if rest else "")
        return any(file.startswith(token) or token.startswith(file) for file in self._files)

    def _find_pieces(self, sources: Iterable[str]) -> None:
        texts = list(sources)
        named = {_plain(token) for text in texts for token in self._tokens(text)}
        for file in self._files:
            if not any(file.startswith(token.rstrip("/")) or token.startswith(file) for token in named):
                piece = next((each for each in _above(file) if _occurs(each, texts)), None)
                if piece is None:
                    self.lost.append(file)
                else:
                    self.pieces.add(piece)

    def _tokens(self, text: str) -> Iterable[str]:
        rest = re.compile(_REST)
        for found in self._expression.finditer(text):
            more = rest.match(text, found.end())
            yield found.group() + (more.group() if more else "")


def _plain(text: str) -> str:
    """A path with slashes, and its drive as the pairs of paths have it."""
    text = re.sub(r"\\{1,4}", "/", text)
    return text[0].upper() + text[1:] if _DRIVE.match(text) else text


def _spelled(path: str) -> str:
    if not _DRIVE.match(path):
        return re.escape(path)
    drive, *parts = path.split("/")
    return _SEPARATOR.join([f"[{drive[0].lower()}{drive[0].upper()}]:", *map(re.escape, parts)])


def _above(path: str) -> Iterable[str]:
    """The folders above a path, the longest first; neither the root nor the home nor a drive."""
    path = dirname(path.rstrip("/"))
    while path.strip("/") and path != "~" and not path.endswith(":"):
        yield path
        path = dirname(path)


def _occurs(piece: str, texts: Iterable[str]) -> bool:
    pattern = re.compile(rf"{_BEFORE}{_spelled(piece)}(?=(?:{_SEPARATOR})?(?:['\"\s{{]|$))", re.MULTILINE)
    return any(pattern.search(text) for text in texts)
