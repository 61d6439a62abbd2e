"""What a script does under several command lines, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from noteship.notebooks.patterns import pattern_of
from noteship.notebooks.raw import CommandLine, RawAnalysis, RawUse

__all__ = ["plain_words", "told", "united"]


def told(raw: RawAnalysis, line: CommandLine) -> RawAnalysis:
    """The analysis whose evidence names the file that gave a path on the command line."""
    words = [text for word in line.words if len(text := "".join(part for part in word if isinstance(part, str))) > 2]
    if not words:
        return raw
    return replace(raw, uses=tuple(_told(use, words, line.origin) for use in raw.uses))


def _told(use: RawUse, words: Sequence[str], origin: str) -> RawUse:
    path = "".join(part for part in use.path.parts if isinstance(part, str))
    given = any(word.rpartition("=")[2].lstrip("./") in path for word in words if "." in word or "/" in word)
    return replace(use, how=f"{use.how}, given in {origin}") if given and path else use


def plain_words(line: CommandLine) -> tuple[str, ...]:
    """The words of a command line; none when one of them is not known."""
    if not all(isinstance(part, str) for word in line.words for part in word):
        return ()
    return tuple("".join(map(str, word)) for word in line.words)


def united(found: Sequence[RawAnalysis]) -> RawAnalysis:
    """All that several runs of one script do; a run that makes what another one needs comes before it."""
    if len(found) == 1:
        return found[0]
    uses: dict[RawUse, None] = {}
    orders = choices = 0
    for raw in _in_order(found):
        for use in raw.uses:
            shifted = replace(use, order=use.order + orders, choice=use.choice and use.choice + choices)
            if not any(_same(shifted, other) for other in uses):
                uses[shifted] = None
        orders = max((use.order for use in uses), default=0) + 1
        choices = max((use.choice for use in uses), default=0) + 1
    return RawAnalysis(
        tuple(uses),
        tuple(dict.fromkeys(item for raw in found for item in raw.external)),
        tuple(dict.fromkeys(item for raw in found for item in raw.unknown)),
        tuple(sorted({path for raw in found for path in raw.modules})),
        tuple(dict.fromkeys(path for raw in found for path in raw.runs)),
        tuple(dict.fromkeys(call for raw in found for call in raw.calls)),
    )


def _same(use: RawUse, other: RawUse) -> bool:
    return not use.choice and replace(use, order=0, how="") == replace(other, order=0, how="")


def _in_order(found: Sequence[RawAnalysis]) -> list[RawAnalysis]:
    waiting, ordered = list(found), []
    while waiting:
        first = next((raw for raw in waiting if not _needs(raw, waiting)), waiting[0])
        waiting.remove(first)
        ordered.append(first)
    return ordered


def _needs(raw: RawAnalysis, others: Sequence[RawAnalysis]) -> bool:
    needed = _paths(raw, "read") - _paths(raw, "write")
    return any(needed & _paths(other, "write") for other in others if other is not raw)


def _paths(raw: RawAnalysis, action: str) -> set[str]:
    return {pattern_of(use.path).text for use in raw.uses if use.action == action}
