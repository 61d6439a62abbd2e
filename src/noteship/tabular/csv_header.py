"""The first record of a CSV file: what separates its fields, and how they are called."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from pathlib import Path

from noteship.tabular.errors import TableUnreadable

__all__ = ["header"]

# Of equally many the first is taken.
SEPARATORS = (",", ";", "\t", "|")
# Longer headers are none: ten thousand columns with names of a hundred letters.
LIMIT_BYTES = 1 << 20


def header(path: Path, name: str) -> tuple[str, list[str]]:
    """The separator and the columns' names. Raises: TableUnreadable.

    The separator is what the header has most of outside of quotes, so it does not depend on what rows happen to hold.
    """
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            start = file.read(LIMIT_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise TableUnreadable(name, f"{type(error).__name__}: it cannot be opened") from error
    text = start.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise TableUnreadable(name, "it is empty, without a header")
    first = ""
    quoted = False
    for line in io.StringIO(text, newline=None):
        first += line
        quoted ^= line.count('"') % 2 == 1
        if not quoted and first.strip():
            break
    outside = "".join(first.split('"')[::2])
    separator = "\t" if ".tsv" in path.suffixes else max(SEPARATORS, key=outside.count)
    try:
        return separator, next(csv.reader([first.strip("\r\n")], delimiter=separator))
    except csv.Error as error:
        raise TableUnreadable(name, f"its header is none: {error}") from error
