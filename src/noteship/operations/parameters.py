"""Parameters as they are given on the command line, checked against what the notebooks assign."""

from __future__ import annotations

import ast
import difflib
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from noteship import notebooks, project, workflow
from noteship.nearest import nearest
from noteship.notebooks import StageSource
from noteship.operations.errors import BadParameter, NoSuchParameter, SetInVain
from noteship.operations.opened import OpenedProject

__all__ = ["check_used", "with_parameters", "with_values"]


def with_parameters(opened: OpenedProject, texts: Sequence[str]) -> OpenedProject:
    """The project with what `noteship.toml` sets and over it what `STAGE.NAME=VALUE` sets.

    A value is a Python literal, else the text itself. Raises BadParameter, NoSuchParameter.
    """
    found: dict[str, dict[str, Any]] = {}
    sources = opened.sources_by_name
    for text in texts:
        target, equals, value = text.partition("=")
        stage, dot, name = target.strip().rpartition(".")
        if not equals or not dot or not name.isidentifier():
            raise BadParameter(text, "it names no stage and parameter" if not dot else "there is no value")
        stage = _full_name(stage, sources)
        if stage not in sources:
            raise BadParameter(text, f"there is no stage {stage!r}", nearest(stage, sources))
        found.setdefault(stage, {})[name] = _value(text, value)
    return with_values(opened, found)


def with_values(opened: OpenedProject, values: Mapping[str, Mapping[str, Any]]) -> OpenedProject:
    """The project with what `noteship.toml` sets and over it these values, by stage and name.

    Raises NoSuchParameter.
    """
    merged = {
        stage: {**opened.parameters.get(stage, {}), **values.get(stage, {})}
        for stage in (*opened.parameters, *(values.keys() - opened.parameters.keys()))
    }
    for stage, params in merged.items():
        if stage in opened.sources_by_name:
            _check(opened.sources_by_name[stage], params)
    return opened.varied(merged) if values else opened


def check_used(opened: OpenedProject, texts: Sequence[str], graph: workflow.Graph) -> None:
    """Raise SetInVain for the first of these `STAGE.NAME=VALUE` whose stage is not in the graph."""
    for text in texts:
        stage = _full_name(text.partition("=")[0].strip().rpartition(".")[0], opened.sources_by_name)
        if stage not in graph.stages:
            raise SetInVain(text, stage)


def _full_name(name: str, known: Collection[str]) -> str:
    """The stage of this name, also by the last part of it where only one has that."""
    fitting = [each for each in known if each.rpartition("/")[2] == name]
    return fitting[0] if name not in known and len(fitting) == 1 else name


def _value(text: str, value: str) -> Any:
    try:
        literal = ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
    if not project.is_plain(literal):
        raise BadParameter(text, "its value is no number, text, True, False, None, or list or table of these")
    return literal


def _check(source: StageSource, params: Mapping[str, Any]) -> None:
    assigned = source.parameters
    for name in params:
        if name not in assigned:
            near = difflib.get_close_matches(name, assigned, n=1)
            call = next((each for each in source.calls if _has_word(each.words, name)), notebooks.Call())
            raise NoSuchParameter(
                source.path,
                name,
                near[0] if near else "",
                tuple(sorted(assigned)),
                shlex.join(call.words),
                call.origin,
            )


def _has_word(words: Sequence[str], name: str) -> bool:
    """Whether `--name`, `--name=VALUE` or `name=VALUE` is among the words of a call."""
    return any(
        word.lstrip("-").partition("=")[0].replace("-", "_") == name and (word.startswith("-") or "=" in word)
        for word in words
    )
