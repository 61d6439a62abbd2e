"""From a value that stands where a path is expected to recorded uses of files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.evidence import Manner, evidence_of
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.raw import Hole
from noteship.notebooks.uses import Action
from noteship.notebooks.values import (
    Const,
    Instance,
    Library,
    PathValue,
    Seq,
    Union,
    Unknown,
    Value,
)

__all__ = ["Manner", "absolute_texts", "cwd_texts", "evidence_of", "is_buffer", "path_texts", "used"]

# Where a path may stand, these things are open files, buffers and connections: what they are about was found earlier.
_BUFFERS = re.compile(
    r"^(io\.(StringIO|BytesIO|TextIOWrapper)\(\)|open\(\)|sys\.|requests\.|urllib|http|zipfile|tarfile|sqlite3|"
    r"sqlalchemy|duckdb|psycopg|pymysql|h5py|subprocess|socket|fsspec|s3fs|gcsfs|boto3|google\.|azure|tempfile|base64|"
    r"numpy\.(array|asarray|zeros|ones)|pandas\.ExcelWriter|pandas\.ExcelFile|pandas\.HDFStore|importlib\.resources|"
    r"matplotlib\.backends|pkgutil|gspread|bs4|hashlib|selenium|streamlit|flask\.request)"
)
_PATH_LIKE = re.compile(r"[^\s:*?\"<>|]*[^\s./\\:*?\"<>|]\.[A-Za-z][A-Za-z0-9]{0,9}$")


@dataclass
class _Texts:
    found: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    alternatives: bool = False


def used(machine: Machine, value: Value | None, action: Action, call: Call, manner: Manner | None = None) -> list[str]:
    """Record that a call reads or writes what a value names; gives the paths found."""
    manner = manner or Manner()
    if value is None:
        return []
    texts = _Texts()
    _collect(machine, value, texts)
    found = [_with_extension(text, manner.extension) for text in texts.found]
    if manner.weak:
        found = [text for text in found if _looks_like_path(machine, text)]
    evidence = evidence_of(machine, call, action, manner)
    if found:
        machine.findings.record(found, cwd_texts(machine), evidence, texts.alternatives)
    elif texts.unknown and not manner.weak and not manner.doubtful:
        machine.findings.unknown(texts.unknown[0], evidence)
    return found


def path_texts(machine: Machine, value: Value | None) -> list[str]:
    """The paths that a value names, as texts with holes."""
    texts = _Texts()
    if value is not None:
        _collect(machine, value, texts)
    return texts.found


def cwd_texts(machine: Machine) -> list[str]:
    """The working folder, or the few that it may be."""
    found = path_texts(machine, machine.cwd)
    return found[:4] or [machine.root]


def absolute_texts(machine: Machine, text: str) -> list[str]:
    """A path joined to the working folder."""
    return [machine.findings.placed(text, cwd) for cwd in cwd_texts(machine)]


def _collect(machine: Machine, value: Value, texts: _Texts) -> None:
    if isinstance(value, Union):
        texts.alternatives = texts.alternatives or len(value.options) > 1
        for option in value.options:
            _collect(machine, option, texts)
    elif isinstance(value, Seq):
        machine.spend(1 + len(value.items) // 8)
        for item in [*value.items, *([value.rest] if value.rest is not None else [])]:
            _collect(machine, item, texts)
    elif isinstance(value, Const):
        if isinstance(value.value, str):
            _add_text(machine, value.value, texts)
        elif isinstance(value.value, bytes) and len(value.value) < 300 and b"\n" not in value.value:
            _add_text(machine, value.value.decode("utf-8", "replace"), texts)
    elif isinstance(value, PathValue):
        _add_text(machine, value.text, texts)
    elif isinstance(value, Instance):
        text = machine.text(value) if _is_text_like(value) else None
        if text is not None:
            _add_text(machine, text, texts)
    elif isinstance(value, (Unknown, Library)) and not (isinstance(value, Library) and is_buffer(value)):
        texts.unknown.append(machine.reason(value))


def _add_text(machine: Machine, text: str, texts: _Texts) -> None:
    """A text that is a document rather than a path (markup, JSON, SQL) names no file."""
    if len(text) > 1000 or "\n" in text.strip() or text.lstrip().startswith(("{", "[", "<")):
        return
    if "*" in text and "://" not in text:
        # A star in a path is a pattern, also where the reader expands it itself.
        text = machine.holes.wildcards(text)
    parts = machine.holes.split(text)
    if has_hole(text) and not _is_entered(machine, parts) and not any(isinstance(part, str) for part in parts):
        texts.unknown.append(machine.holes.reason(text))
    elif text not in texts.found:
        texts.found.append(text)


def _is_entered(machine: Machine, parts: tuple[str | Hole, ...]) -> bool:
    """Whether any file of a folder is meant, one that the code has gone into: that says enough."""
    listed = all(isinstance(part, Hole) and part.kind == "segment" for part in parts)
    return listed and machine.cwd != machine.state.get("first cwd")


def _is_text_like(value: Instance) -> bool:
    return value.cls.find("__fspath__") is not None or any(
        name in {"str", "builtins.str"} for name in value.cls.libraries()
    )


def is_buffer(value: Library) -> bool:
    """Whether a library's thing is an open file, a buffer or a connection rather than a path."""
    return _BUFFERS.match(value.name) is not None or value.data is not None


def _with_extension(text: str, extension: str) -> str:
    if not extension or text.endswith(extension):
        return text
    return text if extension.startswith("?") and "." in text.rpartition("/")[2] else text + extension.removeprefix("?")


def _looks_like_path(machine: Machine, text: str) -> bool:
    return _PATH_LIKE.match(machine.holes.shown(text).replace("…", "x").replace("*", "x")) is not None
