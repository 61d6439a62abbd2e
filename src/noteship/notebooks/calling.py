"""What a script does under several command lines, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from noteship.notebooks.partial_paths import pattern_of
from noteship.notebooks.raw import CommandLine, RawAnalysis, RawUse
from noteship.notebooks.uses import Call

__all__ = ["known_calls", "told", "united"]


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


def known_calls(lines: Sequence[CommandLine], order: Sequence[int]) -> tuple[tuple[Call, ...], str]:
    """The calls all of whose words are known, in their order, and a note on the others; none for one without words."""
    known = {number: _plain(line) for number, line in enumerate(lines)}
    rest = [number for number in known if number not in order]
    calls = tuple(dict.fromkeys(call for number in (*order, *rest) if (call := known[number]) is not None))
    # Called by its name as a module and by its file, it is the same program.
    modules = {call.words for call in calls if call.module}
    calls = tuple(call for call in calls if call.module or call.words not in modules)
    unclear = sorted({line.origin for number, line in enumerate(lines) if known[number] is None})
    note = f"{', '.join(unclear)} calls it with words that only the call itself knows: it is not run so"
    return () if calls == (Call(),) else calls, note if unclear else ""


def _plain(line: CommandLine) -> Call | None:
    if not all(isinstance(part, str) for word in line.words for part in word):
        return None
    return Call(tuple("".join(map(str, word)) for word in line.words), line.module, line.origin)


def united(found: Sequence[RawAnalysis]) -> RawAnalysis:
    """All that several runs of one script do; a run that makes what another one needs comes before it."""
    if len(found) == 1:
        return found[0]
    uses: dict[RawUse, None] = {}
    orders = choices = 0
    order = _in_order(found)
    for raw in (found[number] for number in order):
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
        tuple(order),
        tuple(dict(text for raw in found for text in raw.texts).items()),
    )


def _same(use: RawUse, other: RawUse) -> bool:
    return not use.choice and replace(use, order=0, how="") == replace(other, order=0, how="")


def _in_order(found: Sequence[RawAnalysis]) -> list[int]:
    reads = [_paths(raw, "read") - _paths(raw, "write") for raw in found]
    writes = [_paths(raw, "write") for raw in found]
    waiting, ordered = list(range(len(found))), []
    while waiting:
        free = (one for one in waiting if not any(reads[one] & writes[other] for other in waiting if other != one))
        ordered.append(next(free, waiting[0]))
        waiting.remove(ordered[-1])
    return ordered


def _paths(raw: RawAnalysis, action: str) -> set[str]:
    return {pattern_of(use.path).text for use in raw.uses if use.action == action}
