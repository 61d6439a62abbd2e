"""How a model was judged and where it comes from, as terms and texts: the page and the card say the same."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from noteship.reporting.words import duration, percent, shown, when
from noteship.validation.judgement import Judgement, Split

__all__ = ["Origin", "Pairs", "environment", "how_judged", "judged_at", "stages"]

Pairs = list[tuple[str, str]]
# A digest is told apart by so many of its letters.
SHORT = 12
MOST_LISTED, MOST_FILES = 60, 12
DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


def how_judged(judgement: Judgement) -> Pairs:
    """The split and what was judged on it; plain text, foreign in part."""
    split = judgement.split
    judged = "a clone of the bundle" if judgement.judged == "clone" else "the bundle itself"
    why = "its steps were fitted anew on the training part alone" if judgement.judged == "clone" else ""
    if judgement.why or why:
        judged += f": {judgement.why or why}"
    told = [("judged", judged), ("held out", _held_out(split)), ("rows", _rows(split))]
    if split.duplicates:
        rows = "row has" if split.duplicates == 1 else "rows have"
        told.append(("seen before", f"{split.duplicates:,} held-out {rows} the inputs of a row of the training part"))
    if judgement.positive is not None:
        told.append(("positive", f"precision, recall and F1 are about the class {judgement.positive}"))
    elif judgement.classes:
        told.append(("positive", "no class is named: precision, recall and F1 are means of all classes"))
    share = f"{100 * judgement.confidence:g} %"
    told.append(("intervals", f"{share}, from {judgement.resamples:,} bootstrap resamples of {_unit(split)}"))
    tests = f"say that something is worse if chance does as much in less than {percent(judgement.level)}"
    told.append(("tests", tests))
    told.append(("seed", str(split.seed)))
    if judgement.at:
        told.append(("when", f"{judged_at(judgement)}, in {duration(judgement.seconds)}"))
    return told


def judged_at(judgement: Judgement) -> str:
    """The moment, as it is said; what is no moment is told as it is."""
    try:
        return when(datetime.datetime.fromisoformat(judgement.at).timestamp() // 60 * 60)
    except ValueError:
        return shown(judgement.at)


def _held_out(split: Split) -> str:
    share = f"{percent(split.share)} of the rows" if split.share is not None else "a part"
    match split.how:
        case "time":
            since = f", all since {split.boundary}" if split.boundary else ""
            # Rows of one moment stay together, so it is hardly ever the share that was asked for.
            found = percent(split.held_rows / (split.held_rows + split.train_rows))
            return f"the last {found} of the rows by {split.column}{since}"
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
        told.append(("[validate]", _plain(_held(judgement))))
    return told


def _held(judgement: Judgement) -> Mapping[str, Any]:
    """The settings, with what was taken where nothing is declared."""
    taken = {"metric": judgement.metric, "positive": judgement.positive}
    return {name: taken.get(name) if value is None else value for name, value in judgement.settings.items()}


@dataclass(frozen=True)
class Origin:
    """One stage that the bundle comes from, its files with the beginnings of their digests; plain text."""

    stage: str
    params: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


def stages(judgement: Judgement) -> list[Origin]:
    """In the order in which they ran."""
    given = judgement.lineage.get("stages", ())
    return [_origin(each) for each in given if isinstance(each, Mapping)] if isinstance(given, list | tuple) else []


def _origin(stage: Mapping[str, Any]) -> Origin:
    reads, writes = stage.get("inputs") or {}, stage.get("outputs") or {}
    params = stage.get("params")
    return Origin(
        shown(str(stage.get("stage", ""))),
        _plain(params) if params else "",
        _files(reads),
        _files(writes),
    )


def _files(given: Mapping[str, Any]) -> tuple[str, ...]:
    """A stage may write a thousand."""
    told = [f"{shown(str(path))} {_plain(digest)}" for path, digest in given.items()]
    more = (f"and {len(told) - MOST_FILES:,} more",) if len(told) > MOST_FILES else ()
    return (*told[:MOST_FILES], *more)


def _plain(value: Any) -> str:
    """A value as it would be said; digests are cut, since the judgement has them whole."""
    if isinstance(value, Mapping):
        return _listed([f"{key} {_plain(each)}".strip() for key, each in value.items()])
    if isinstance(value, list | tuple):
        return _listed([_plain(each) for each in value])
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "none" if value is None else str(value)
    return f"{text[:SHORT]}…" if DIGEST.fullmatch(text) else text


def _listed(told: list[str]) -> str:
    if not told:
        return "none"
    more = f", and {len(told) - MOST_LISTED:,} more" if len(told) > MOST_LISTED else ""
    return ", ".join(told[:MOST_LISTED]) + more
