"""Commands in the files of task runners and pipelines that are YAML, TOML, JSON or lines of text."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from noteship.notebooks.yaml_text import parsed_yaml

__all__ = ["commands", "is_task_file"]

# YAML and JSON share a reader where a file may be either.
_FORMATS = {
    "MLproject": "yaml", "dvc.yaml": "yaml", "project.yml": "yaml", "anaconda-project.yml": "yaml",
    "Taskfile.yml": "yaml", "Taskfile.yaml": "yaml", "taskfile.yml": "yaml", "docker-compose.yml": "yaml",
    "docker-compose.yaml": "yaml", "compose.yaml": "yaml", "compose.yml": "yaml", ".gitlab-ci.yml": "yaml",
    "azure-pipelines.yml": "yaml", "cloudbuild.yaml": "yaml", "package.json": "json", "pyproject.toml": "toml",
    "pixi.toml": "toml", "Pipfile": "toml", "justfile": "just", "Justfile": "just", ".justfile": "just",
    "Procfile": "lines", "procfile": "lines",
}  # fmt: skip
_REFERENCE = re.compile(r"\$\{\s*([\w.\[\]-]+)\s*\}|\{\{\s*\.?([\w.-]+)\s*\}\}|(?<!\$)\{([A-Za-z_][\w.-]*)\}")
_MOST_NODES = 5_000

Beside = Callable[[str], str | None]
Values = Mapping[str, Any]


def is_task_file(name: str) -> bool:
    """Whether a file of this name holds commands."""
    return name in _FORMATS


def commands(name: str, text: str, beside: Beside) -> Iterator[tuple[str, str]]:
    """Each command with the folder that it is run in, `""` for the file's own; `beside` reads files next to it."""
    kind = _FORMATS[name]
    if kind == "just":
        yield from (("", line) for line in _recipes(text))
        return
    if kind == "lines":
        yield from (("", line.partition(":")[2]) for line in text.splitlines() if ":" in line)
        return
    data = _parsed(kind, text)
    values = _values(data, name, beside)
    budget = [_MOST_NODES]
    for folder, command, own in _found(data, "", {}, budget):
        yield folder, _filled(command, {**values, **own})


def _parsed(kind: str, text: str) -> Any:
    try:
        if kind == "toml":
            return tomllib.loads(text)
        if kind == "json":
            return json.loads(text)
        return parsed_yaml(text)
    except (ValueError, RecursionError):
        return None


def _values(data: Any, name: str, beside: Beside) -> dict[str, Any]:
    """The variables that the commands of a file may speak of."""
    found: dict[str, Any] = {}
    if not isinstance(data, Mapping):
        return found
    if name == "dvc.yaml":
        params = beside("params.yaml")
        found.update(_mapping(_parsed("yaml", params) if params is not None else None))
    given = data.get("vars", data.get("variables"))
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, str):
            other = beside(each.partition(":")[0])
            each = _parsed("yaml", other) if other is not None else None
        found.update(_mapping(each))
    return {**found, "vars": found} if name == "project.yml" else found


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _found(data: Any, folder: str, own: Values, budget: list[int]) -> Iterator[tuple[str, str, Values]]:
    """Every text, and every list of plain words, with the values of the nearest task around it."""
    budget[0] -= 1
    if budget[0] < 0:
        return
    if isinstance(data, str):
        yield folder, data, own
    elif isinstance(data, list):
        if data and all(isinstance(each, str) and " " not in each for each in data):
            yield folder, " ".join(data), own
        for each in data:
            yield from _found(each, folder, own, budget)
    elif isinstance(data, Mapping):
        place = data.get("wdir", data.get("dir", data.get("working_dir", folder)))
        folder = place if isinstance(place, str) and "$" not in place else folder
        for inner, values in _rounds(data):
            for each in inner.values():
                yield from _found(each, folder, {**own, **_parameters(data), **values}, budget)


def _rounds(data: Mapping[Any, Any]) -> Iterable[tuple[Mapping[Any, Any], Values]]:
    """A task that is done for each of several values, else the task itself."""
    each, body = data.get("foreach"), data.get("do")
    if isinstance(body, Mapping) and isinstance(each, list):
        return [(body, {"item": value}) for value in each[:20]]
    if isinstance(body, Mapping) and isinstance(each, Mapping):
        return [(body, {"item": value, "key": key}) for key, value in list(each.items())[:20]]
    matrix = data.get("matrix")
    if isinstance(matrix, Mapping) and all(isinstance(values, list) for values in matrix.values()):
        task = {key: value for key, value in data.items() if key != "matrix"}
        mixes = itertools.islice(itertools.product(*matrix.values()), 20)
        return [(task, {"item": dict(zip(matrix, mix, strict=True))}) for mix in mixes]
    return [(data, {})]


def _parameters(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Defaults of an entry point's parameters, and a task's own variables."""
    found: dict[str, Any] = {}
    for name, value in _mapping(data.get("parameters")).items():
        found[str(name)] = value.get("default") if isinstance(value, Mapping) else None
    return {**found, **_mapping(data.get("vars")), **_mapping(data.get("env"))}


def _filled(command: str, values: Values) -> str:
    def value(found: re.Match[str]) -> str:
        name = next(group for group in found.groups() if group)
        known: Any = values
        for part in re.split(r"[.\[\]]+", name.strip("]")):
            if isinstance(known, list) and part.isdigit() and int(part) < len(known):
                known = known[int(part)]
            else:
                known = known.get(part) if isinstance(known, Mapping) else None
        if isinstance(known, str | int | float):
            return str(known)
        return found.group() if found.group().startswith("${") else "${unknown}"

    return _REFERENCE.sub(value, command)


def _recipes(text: str) -> Iterator[str]:
    """The recipes of a justfile, with its variables and the defaults of parameters."""
    values: dict[str, str] = {}
    for line in re.sub(r"\\\n[ \t]*", " ", text).splitlines():
        assigned = re.match(r"(?:export\s+)?([\w-]+)\s*:=\s*['\"]?([^'\"]*)['\"]?\s*$", line)
        if assigned is not None:
            values[assigned.group(1)] = assigned.group(2)
        elif line[:1] in {" ", "\t"}:
            yield _filled(line.strip().lstrip("@-"), values)
        else:
            values.update(re.findall(r"\b([\w-]+)=['\"]?([^'\"\s:]+)", line.partition(":")[0]))
