"""Reads Containerfiles by a narrow grammar, and refuses all that is not of it."""

from __future__ import annotations

import io
import json
import re
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from noteship.images import media_types
from noteship.images.descriptor import Descriptor
from noteship.images.layout import Layout

NAME = r"[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}"
ASSIGNED = re.compile(r'([A-Za-z_][A-Za-z0-9_.]*)="((?:[^"\\$\n]|\\["\\$])*)"')


@dataclass
class Stage:
    """One image of several."""

    base: str
    variables: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    ran: list[list[str]] = field(default_factory=list)
    copied: list[tuple[str, str]] = field(default_factory=list)
    user: str = ""
    folder: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


@dataclass
class Read:
    """All stages in their order."""

    stages: list[Stage]


def read(text: str) -> Read:
    """Raises AssertionError at a line that is none."""
    stages: list[Stage] = []
    # Lines that go on are joined before anything else (Dockerfile reference, "Escape").
    for line in text.replace("\\\n", " ").splitlines():
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found = re.fullmatch(rf"({NAME})(?: AS [a-z]+)?", rest)
            assert found, line
            stages.append(Stage(found[1]))
            continue
        _take(stages[-1], word, rest, line)
    return Read(stages)


def _take(stage: Stage, word: str, rest: str, line: str) -> None:
    if word in ("ENV", "LABEL"):
        (stage.variables if word == "ENV" else stage.labels).update(_assigned(rest))
    elif word == "ARG":
        assert re.fullmatch(r"[A-Z_]+", rest), line
        stage.arguments.append(rest)
    elif word == "COPY":
        source, target = _words(re.sub(r"^--from=packages ", "", rest))
        stage.copied.append((source, target))
    elif word == "RUN":
        stage.ran.append(_words(rest))
    elif word == "USER":
        assert re.fullmatch(r"\d+:\d+", rest), line
        stage.user = rest
    elif word == "WORKDIR":
        assert re.fullmatch(r"(/[a-z]+)+", rest), line
        stage.folder = rest
    else:
        assert word in ("ENTRYPOINT", "CMD"), line
        setattr(stage, "entrypoint" if word == "ENTRYPOINT" else "command", _words(rest))


def _words(text: str) -> list[str]:
    found = json.loads(text)
    assert isinstance(found, list) and all(isinstance(each, str) for each in found), text
    return found


def _assigned(text: str) -> dict[str, str]:
    assert not ASSIGNED.sub("", text).strip(), text
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in ASSIGNED.findall(text)}


def files_of(folder: Path, tag: str) -> dict[str, bytes]:
    """The files of an image in an OCI folder, whoever made it."""
    place = Layout(folder)
    found: dict[str, bytes] = {}
    for each in json.loads(place.manifest(tag, media_types.IMAGES)[0])["layers"]:
        with place.read(Descriptor(each["mediaType"], each["digest"], each["size"])).open() as stream:
            whole = io.BytesIO(stream.read())
        with tarfile.open(fileobj=whole, mode="r:*") as layer:
            for member in layer:
                content = layer.extractfile(member) if member.isfile() else None
                if content:
                    found[member.name] = content.read()
    return found
