"""What somebody probably meant who wrote a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]

# As many as fit in a line that is read at a glance.
SHOWN = 3
# Half of the letters: names of stages are short.
SIMILAR = 0.5


def nearest(name: str, known: Iterable[str]) -> str:
    """The names that begin with it, else those that hold it, else the most similar one, else what it begins with.

    Empty where nothing is near. The folders before a name do not count, nor do zeros before a number.

    >>> known = ["01-collect", "deep/03-features", "04-train"]
    >>> nearest("3", known), nearest("train", known), nearest("01-colect", known)
    ('deep/03-features', '04-train', '01-collect')
    >>> nearest("f1_scor", ["accuracy", "f1", "roc_auc"])
    'f1'
    """
    names = list(known)
    wanted = _plain(name)
    if wanted:
        for fits in (str.startswith, str.__contains__):
            found = [each for each in names if fits(_plain(each), wanted)]
            if found:
                return ", ".join(found[:SHOWN])
    close = difflib.get_close_matches(name, names, n=1, cutoff=SIMILAR)
    # Of a short name with more behind it, most letters differ.
    begun = [each for each in names if len(_plain(each)) > 1 and wanted.startswith(_plain(each))]
    return close[0] if close else max(begun, key=len, default="")


def _plain(name: str) -> str:
    return name.rpartition("/")[2].lstrip("0").casefold()
