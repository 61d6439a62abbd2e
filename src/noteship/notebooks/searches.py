"""What a wildcard in a folder of another machine finds in the project: by the tail that its author wrote out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from posixpath import basename, commonpath, dirname, splitext

from noteship import patterns
from noteship.notebooks.partial_paths import DEEP, SEGMENT, Pattern

__all__ = ["found_by_search", "found_by_suffix"]

# Where hosted notebooks find what other notebooks have left.
_HOSTED = re.compile(r"^/(kaggle/input|content(/g?drive)?|gdrive)/", re.IGNORECASE)
# What only fitted models are kept in: a data set of somebody else has no such file.
_MODELS = frozenset(
    {".pt", ".pth", ".ckpt", ".safetensors", ".joblib", ".keras", ".h5", ".onnx", ".cbm", ".pkl", ".sav"}
)


def found_by_search(pattern: Pattern, known: Iterable[Pattern]) -> Pattern | None:
    """The pattern in the project's own paths that finds the same; None when nothing fits, or nobody can tell which.

    Of `/kaggle/input/**/scores.json` the tail is `scores.json`, of `/kaggle/input/models/fold*.pt` it is `fold*.pt`. A
    tail has to say something: `*.csv` anywhere would be every table there is.
    """
    base, middle, tail = _taken_apart(pattern)
    if pattern.guessed or not any(Pattern(part).speaks for part in tail):
        return None
    heads = {head for each in known if (head := _head_of(each, tail)) is not None}
    if not heads:
        return None
    if not middle:
        best = _nearest(base, heads)
        return None if best is None else _put(best, *tail)
    if DEEP not in middle:
        tops = {"/".join(head.split("/")[: -len(middle)]) for head in heads if head.count("/") + 1 >= len(middle)}
        if len(tops) == 1 and all(head.count("/") + 1 >= len(middle) and head for head in heads):
            return _put(tops.pop(), *middle, *tail)
    return _put(heads.pop(), *tail) if len(heads) == 1 else _put(commonpath(heads), DEEP, *tail)


def found_by_suffix(pattern: Pattern, made: Iterable[tuple[str, Pattern]]) -> Pattern | None:
    """What all models in a hosted notebook's folder (`/kaggle/input/weights/*.pt`) are, where one stage makes such.

    `made` are what the other stages write, with their names. All of the suffix have to be one stage's, in one folder.
    """
    name = basename(pattern.text)
    suffix = splitext(name)[1]
    if suffix not in _MODELS or name.strip(SEGMENT) != suffix or not _HOSTED.match(pattern.text):
        return None
    makers = {(stage, dirname(each.text)) for stage, each in made if each.text.endswith(suffix)}
    folders = {folder for _, folder in makers}
    return _put(folders.pop(), name) if len(makers) == 1 and all(Pattern(each).literal for each in folders) else None


def _taken_apart(pattern: Pattern) -> tuple[str, list[str], list[str]]:
    """The known folder, what stands for any folders, and the rest."""
    parts = pattern.text[len(pattern.base) :].lstrip("/").split("/")
    last = max((number for number, part in enumerate(parts) if part == DEEP), default=-1)
    first = last + 1
    while first < len(parts) - 1 and not parts[first].strip(SEGMENT):
        first += 1
    return pattern.base, parts[:first], parts[first:]


def _head_of(known: Pattern, tail: Sequence[str]) -> str | None:
    """The folder below which a known path has the tail."""
    parts = known.text.split("/")
    head, rest = parts[: -len(tail)], parts[-len(tail) :]
    if len(rest) < len(tail) or not Pattern("/".join(head)).literal or not Pattern(rest[-1]).speaks:
        return None
    same = all(
        patterns.names_overlap(Pattern(one).shown, Pattern(two).shown) for one, two in zip(tail, rest, strict=True)
    )
    return "/".join(head) if same else None


def _nearest(base: str, heads: Iterable[str]) -> str | None:
    """The one folder whose end is most like that of the folder that was written."""
    away = base.split("/")[::-1]
    ranked: dict[int, list[str]] = {}
    for head in heads:
        pairs = zip(away, head.split("/")[::-1], strict=False)
        shared = next((number for number, (one, two) in enumerate(pairs) if one != two), min(len(away), len(head)))
        ranked.setdefault(shared, []).append(head)
    best = ranked[max(ranked)]
    return best[0] if len(best) == 1 else None


def _put(*parts: str) -> Pattern:
    return Pattern("/".join(filter(None, parts)))
