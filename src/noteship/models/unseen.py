"""Whether a model takes categories that its raw rows did not hold, found out by asking it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas

from noteship.models.columns import Column
from noteship.models.signature import Signature

__all__ = ["judged"]

# No category of anybody's.
UNHEARD = "noteship: no such category"


def judged(signature: Signature, score: Callable[[pandas.DataFrame], Any]) -> Signature:
    """The signature with `unseen` "refused" for the categories of text without which the model does not score a row.

    A model that does not score the example itself is left to those who ask it. Cost: a row's scoring for each column.
    """
    if not signature.example or not _scores(signature, {}, score):
        return signature
    return replace(signature, inputs=tuple(_judged(signature, column, score) for column in signature.inputs))


def _judged(signature: Signature, column: Column, score: Callable[[pandas.DataFrame], Any]) -> Column:
    is_text = column.type == "category" and all(isinstance(known, str) for known in column.categories)
    if not is_text or _scores(signature, {column.name: UNHEARD}, score):
        return column
    return replace(column, unseen="refused")


def _scores(signature: Signature, other: dict[str, Any], score: Callable[[pandas.DataFrame], Any]) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            score(signature.decode([{**signature.example, **other}]))
        except Exception:
            # Steps raise anything for what they do not take.
            return False
    return True
