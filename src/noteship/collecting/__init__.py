"""Rows that were asked and answered, kept as Parquet where a project says so, and joined with labels that came."""

from noteship.collecting import errors
from noteship.collecting.collector import Collector
from noteship.collecting.expecting import expected, is_of_none, version_of_none
from noteship.collecting.joining import Joined, Period, join, version_of
from noteship.collecting.kept_rows import KeptLabel, Taken
from noteship.collecting.labelling import keep_labels
from noteship.collecting.pieces import SLOT_S, Piece, Place
from noteship.collecting.settings import Settings
from noteship.collecting.shelf import Shelf, places

__all__ = [
    "SLOT_S",
    "Collector",
    "Joined",
    "KeptLabel",
    "Period",
    "Piece",
    "Place",
    "Settings",
    "Shelf",
    "Taken",
    "errors",
    "expected",
    "is_of_none",
    "join",
    "keep_labels",
    "places",
    "version_of",
    "version_of_none",
]
