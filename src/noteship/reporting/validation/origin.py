"""How a model was judged and where it comes from, as terms and texts: the page and the card say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from noteship.reporting.words import duration, percent, shown
from noteship.validation.judgement import Judgement, Split

__all__ = ["Pairs", "environment", "how_judged", "stages"]

Pairs = list[tuple[str, str]]
# A digest is told apart by so many of its letters.
SHORT = 16
MOST_PACKAGES = 60


def how_judged(judgement: Judgement) -> Pairs:
    """The split and what was judged on it; plain text, foreign in part."""
    split = judgement.split
    judged = "a clone: the bundle's steps, fitted anew on the training part alone"
    if judgement.judged == "bundle":
        judged = "the bundle itself"
    if judgement.why:
        judged += f"; {judgement.why}"
    told = [("judged", judged), ("held out", _held_out(split)), ("rows", _rows(split))]
    if split.duplicates:
        rows = "row has" if split.duplicates == 1 else "rows have"
        told.append(("seen before", f"{split.duplicates:,} held-out {rows} the inputs of a row of the training part"))
    if judgement.positive is not None:
        told.append(("positive", f"precision, recall and F1 are about the class {judgement.positive}"))
    share = f"{100 * judgement.confidence:g} %"
    told.append(("intervals", f"{share}, from {judgement.resamples:,} bootstrap resamples of {_unit(split)}"))
    told.append(("tests", f"say that something is worse if chance does as much in less than {percent(judgement.level)}"))
    told.append(("seed", str(split.seed)))
    if judgement.at:
        told.append(("when", f"{judgement.at}, in {duration(judgement.seconds)}"))
    return told


def _held_out(split: Split) -> str:
    share = f"{percent(split.share)} of the rows" if split.share is not None else "a part"
    match split.how:
        case "time":
            since = f", all since {split.boundary}" if split.boundary else ""
            return f"the last {share} by {split.column}{since}"
        case "group":
            count = f", {split.groups[0]:,} of {split.groups[1]:,} groups" if split.groups else ""
            return f"{share} by {split.column}, no value of which is on both sides{count}"
        case "file":
            return f"the rows of {split.file}"
        case _:
            return f"{share}, drawn by chance" + (", of each class alike" if split.classes else "")


def _rows(split: Split) -> str:
    told = f"{split.train_rows:,} to fit on, {split.held_rows:,} to judge by"
    return f"{told}; {split.unlabelled:,} without an answer are in neither" if split.unlabelled else told


def _unit(split: Split) -> str:
    return f"the groups of {split.column}" if split.how == "group" else "the held-out rows"


def environment(judgement: Judgement) -> Pairs:
    """Interpreter, machine, packages and settings."""
    told: Pairs = []
    for name, value in judgement.environment.items():
        told.append((shown(str(name)), _plain(value)))
    if judgement.settings:
        told.append(("[validate]", _plain(judgement.settings)))
    return told


def stages(judgement: Judgement) -> Iterator[tuple[str, str]]:
    """Each stage that made the bundle: its name, and the digests that it is known by."""
    given = judgement.lineage.get("stages", ())
    for each in given if isinstance(given, Sequence) else ():
        if isinstance(each, Mapping):
            rest = {key: value for key, value in each.items() if key not in ("name", "stage")}
            yield shown(str(each.get("name", each.get("stage", "")))), _plain(rest)


def _plain(value: Any) -> str:
    """A value as it would be said; digests are cut, since the judgement has them whole."""
    if isinstance(value, Mapping):
        told = [f"{key} {_plain(each)}" if _plain(each) else str(key) for key, each in value.items()]
        more = f", and {len(told) - MOST_PACKAGES:,} more" if len(told) > MOST_PACKAGES else ""
        return ", ".join(told[:MOST_PACKAGES]) + more
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    text = str(value)
    return f"{text[:SHORT]}…" if len(text) >= 64 and all(each in "0123456789abcdef" for each in text) else text
