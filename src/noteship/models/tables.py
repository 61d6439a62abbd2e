"""Reading a table, whatever a notebook stored it as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas

from noteship.models import errors, pickles

__all__ = ["as_table", "read_table"]

# A sparse matrix is compared as a dense one; 400 MB of float64 is what fits beside everything else.
DENSE_CELLS_LIMIT = 50_000_000
# What pandas calls the index that `to_csv` wrote as a column without a name.
NAMELESS = "Unnamed: 0"


def read_table(path: Path, name: str = "") -> pandas.DataFrame:
    """The table in a file: Parquet, Feather, CSV, JSON (lines), NumPy, or a pickled frame; columns are named by text.

    `name` is what messages call the file. Raises UnreadableTable.
    """
    name = name or str(path)
    try:
        read = READERS.get(_suffix(path))
        if read is None:
            raise errors.UnreadableTable(name, f"{path.suffix or 'a name without a suffix'} is no known kind of table")
        return as_table(read(path), name)
    except (errors.UnreadableTable, MemoryError):
        raise
    except Exception as error:
        # Each format has its own errors, and every library below raises more kinds than it documents.
        raise errors.UnreadableTable(name, f"{type(error).__name__}: {error}") from error


def as_table(value: Any, name: str) -> pandas.DataFrame:
    """A frame of what was stored; the columns of an array are named "0", "1" and so on. Raises UnreadableTable."""
    if hasattr(value, "toarray") and hasattr(value, "shape"):
        if value.shape[0] * value.shape[1] > DENSE_CELLS_LIMIT:
            raise errors.UnreadableTable(name, f"its {value.shape[0]} x {value.shape[1]} cells are too many to compare")
        value = value.toarray()
    if isinstance(value, pandas.Series):
        value = value.to_frame()
    if isinstance(value, numpy.ndarray) and value.ndim in (1, 2):
        value = pandas.DataFrame(value)
    if isinstance(value, list) and value and all(isinstance(item, (dict, str, int, float)) for item in value):
        value = pandas.DataFrame(value)
    if not isinstance(value, pandas.DataFrame):
        raise errors.UnreadableTable(name, f"it holds a {type(value).__name__}")
    return value.set_axis(value.columns.map(str), axis=1)


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in {".gz", ".bz2", ".xz", ".zst", ".zip"}:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _csv(path: Path, separator: str = ",") -> pandas.DataFrame:
    frame = pandas.read_csv(path, sep=separator, low_memory=False)
    return frame.set_index(NAMELESS).rename_axis(None) if NAMELESS in frame.columns[:1] else frame


def _json(path: Path) -> pandas.DataFrame:
    with path.open("rb") as stream:
        first = stream.read(1)
    return pandas.read_json(path, lines=first == b"{")


def _npz(path: Path) -> Any:
    with numpy.load(path, allow_pickle=False) as archive:
        if "format" not in archive.files:
            if len(archive.files) != 1:
                raise errors.UnreadableTable(str(path), f"it holds {len(archive.files)} arrays")
            return archive[archive.files[0]]
    import scipy.sparse  # type: ignore[import-untyped]

    return scipy.sparse.load_npz(path)


READERS: dict[str, Callable[[Path], Any]] = {
    ".parquet": pandas.read_parquet,
    ".pq": pandas.read_parquet,
    ".feather": pandas.read_feather,
    ".arrow": pandas.read_feather,
    ".csv": _csv,
    ".tsv": lambda path: _csv(path, "\t"),
    ".json": _json,
    ".jsonl": lambda path: pandas.read_json(path, lines=True),
    ".ndjson": lambda path: pandas.read_json(path, lines=True),
    ".npy": lambda path: numpy.load(path, allow_pickle=False),
    ".npz": _npz,
    ".pkl": pickles.load,
    ".pickle": pickles.load,
    ".joblib": pickles.load,
    ".sav": pickles.load,
    ".p": pickles.load,
}
