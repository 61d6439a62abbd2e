"""Telling the rows that fit a signature from those that do not."""

from __future__ import annotations

from dataclasses import dataclass

import pandas

from noteship import models
from noteship.scoring.reading import BadRow, Piece

__all__ = ["Sorted", "sort"]


@dataclass(frozen=True, eq=False)
class Sorted:
    """Encoded rows with their numbers as the index, and what was wrong with the others."""

    frame: pandas.DataFrame
    bad: tuple[BadRow, ...]


def sort(signature: models.Signature, piece: Piece) -> Sorted:
    """The rows of a piece. Cost: where one row is bad, about as many looks as its number has binary digits."""
    bad = list(piece.broken)
    waiting = [piece.inputs]
    while waiting:
        rows = waiting.pop()
        if not len(rows):
            continue
        try:
            fitting = signature.conform(rows)
        except models.errors.BadRows as error:
            if len(rows) == 1:
                bad.append(BadRow(int(rows.index[0]), error.field, error.expected, error.got))
                continue
            middle = len(rows) // 2
            waiting += [rows.iloc[middle:], rows.iloc[:middle]]
            continue
        if len(fitting) == len(piece.inputs):
            return Sorted(fitting, tuple(bad))
    # Together again, so that each column is of one type.
    return Sorted(signature.conform(piece.inputs.drop(index=[each.row for each in bad], errors="ignore")), tuple(bad))
