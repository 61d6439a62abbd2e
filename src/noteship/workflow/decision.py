"""Reuse or execute: a pure decision, with the first thing that differs as its reason, and an input beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from noteship.workflow.changes import changed_code
from noteship.workflow.key import ABSENT, KeyParts
from noteship.workflow.results import Result
from noteship.workflow.stages import JSON, Environment, Stage

__all__ = ["FORCED", "UNTOLD", "Execute", "Reuse", "Situation", "decide", "own_change"]

Kind = Literal["never", "code", "parameter", "environment", "input", "output", "lost", "forced"]
# Values of parameters are for recognizing, not for reading.
VALUE_LIMIT = 40
WORDS_LIMIT = 100
NEVER = "it has no result yet"


@dataclass(frozen=True)
class Situation:
    """All that the decision depends on.

    `known` is the result under the stage's key, `lost` its outputs that the store cannot give, `absent` those that it
    was to have and has not; `last` is the stage's last result under any key, and `before` that one's environment.
    `makers` says by which stage an input is made. `stage` itself only words a reason.
    """

    stage: Stage
    parts: KeyParts
    known: Result | None = None
    lost: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    last: Result | None = None
    makers: Mapping[str, str] = field(default_factory=dict)
    environment: Environment | None = None
    before: Environment | None = None


@dataclass(frozen=True)
class Reuse:
    """The result can be used again."""

    result: Result

    @property
    def text(self) -> str:
        """In words."""
        return f"nothing changed since run {self.result.run}"


@dataclass(frozen=True)
class Execute:
    """The stage has to run, and why."""

    kind: Kind
    text: str


FORCED = Execute("forced", "it was asked for by force, whatever is known")
UNTOLD = Execute("forced", "whether what it brings has changed is known only when it is there")


def decide(now: Situation) -> Reuse | Execute:
    """Decide; the reasons are looked for in this order: never ran, code, parameters, environment, inputs, outputs."""
    if now.known is not None:
        if now.lost:
            return Execute("lost", f"its output {_first_of(now.lost)} is lost or damaged in the store")
        if now.absent:
            return Execute("output", f"its last result has no {_first_of(now.absent)}, which is needed now")
        return Reuse(now.known)
    if now.last is None:
        return Execute("never", NEVER)
    return _difference(now, now.last) or Execute("lost", "its result is not in the ledger any more")


def own_change(now: Situation, waiting: Collection[str]) -> Execute | None:
    """Why a stage has to run whatever its producers make anew; `waiting` are the inputs that are not known yet."""
    if now.last is None:
        return Execute("never", NEVER)

    def known(parts: KeyParts) -> KeyParts:
        return replace(parts, reads={path: digest for path, digest in parts.reads.items() if path not in waiting})

    return _difference(replace(now, parts=known(now.parts)), replace(now.last, parts=known(now.last.parts)))


def _difference(now: Situation, last: Result) -> Execute | None:
    """The first thing that differs; of what both read, one that is another one now is named with it."""
    first = _first(now, last)
    if first is None or first.kind == "input":
        return first
    old, new = last.parts.reads, now.parts.reads
    both = old.keys() & new.keys()
    more = _input({path: old[path] for path in both}, {path: new[path] for path in both}, now.makers)
    return replace(first, text=f"{first.text}; {more}") if more else first


def _first(now: Situation, last: Result) -> Execute | None:
    old = last.parts
    if now.parts.code != old.code and now.stage.source:
        return Execute("code", "its declaration changed")
    if now.parts.code != old.code:
        what = changed_code(now.stage.path, last.pieces, now.stage.pieces)
        return Execute("code", f"its code changed: {what}" if what else "its code changed")
    if now.parts.calls != old.calls:
        return Execute("code", _calls(old.calls, now.parts.calls))
    if now.parts.elsewhere != old.elsewhere:
        return Execute("code", _elsewhere(old.elsewhere, now.parts.elsewhere))
    parameter = _parameter(old.params, now.parts.params, now.stage.literals)
    if parameter and now.stage.source:
        return Execute("parameter", "its origin has other data now")
    if parameter:
        return Execute("parameter", parameter)
    if now.parts.environment != old.environment:
        return Execute("environment", _environment(now.before, now.environment))
    text = _input(old.reads, now.parts.reads, now.makers) or _input(old.outside, now.parts.outside, {})
    return Execute("input", text) if text else None


def _calls(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> str:
    # No call at all is one without words.
    old, new = old or [("",)], new or [("",)]
    gone, come = ([call for call in one if call not in other] for one, other in ((old, new), (new, old)))
    if gone and come:
        return f"it is called with other words: {_words(gone[0])} -> {_words(come[0])}"
    if come:
        return f"it is called with other words: also with {_words(come[0])}"
    if gone:
        return f"it is called with other words: no more with {_words(gone[0])}"
    return "it is called with the same words in another order"


def _words(call: Sequence[str]) -> str:
    text = " ".join([f"-m {call[0]}", *call[1:]] if call[0] else call[1:])
    return (text if len(text) <= WORDS_LIMIT else text[:WORDS_LIMIT] + "…") or "none"


def _elsewhere(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    path = min(path for path in {*old, *new} if old.get(path) != new.get(path))
    before, after = (f"for {each[path] or '.'}" if path in each else "for itself" for each in (old, new))
    return f"{path} in its code is taken {after}, no more {before}"


def _parameter(old: Mapping[str, JSON], new: Mapping[str, JSON], literals: Mapping[str, JSON]) -> str:
    # The old ones have been through JSON; so that equal ones are equal, the new ones go the same way.
    new = KeyParts("", new).to_json()["params"]
    for name in sorted({*old, *new}):
        if name not in old or name not in new or not _same(old[name], new[name]):
            return f"parameter {name}: {_shown(old, name, literals)} -> {_shown(new, name, literals)}"
    return ""


def _same(one: JSON, other: JSON) -> bool:
    # 1, 1.0 and True are equal to Python, and not the same to a notebook.
    return repr(one) == repr(other)


def _shown(params: Mapping[str, JSON], name: str, literals: Mapping[str, JSON]) -> str:
    if name not in params:
        # Its code is as it was, so what it gives to the parameter is, too.
        return f"{_cut(repr(literals[name]))} (the notebook's own)" if name in literals else "the notebook's own value"
    return _cut(repr(params[name]))


def _cut(text: str) -> str:
    return text if len(text) <= VALUE_LIMIT else text[:VALUE_LIMIT] + "…"


def _environment(old: Environment | None, new: Environment | None) -> str:
    if old is None or new is None:
        return "the environment changed"
    if old.python != new.python:
        return f"environment: Python {old.python} -> {new.python}"
    names = sorted({*old.packages, *new.packages})
    changed = [name for name in names if old.packages.get(name) != new.packages.get(name)]
    if not changed:
        return "the environment changed"
    first = changed[0]
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"environment: {first} {old.packages.get(first, 'absent')} -> {new.packages.get(first, 'absent')}{more}"


def _input(old: Mapping[str, str], new: Mapping[str, str], makers: Mapping[str, str]) -> str:
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        if after is None:
            return f"input {path} is read no more"
        if before is None:
            return f"input {path} was not among its inputs before"
        if after == ABSENT:
            return f"input {path} is gone"
        how = f"made anew by {makers[path]}" if path in makers else "changed"
        return f"input {path} " + ("appeared" if before == ABSENT else how)
    return ""


def _first_of(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} (and {len(paths) - 1} more)"
