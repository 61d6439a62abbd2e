"""The readings of a project kept in one file between runs; it may be deleted at any time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from noteship import digests, files
from noteship.notebooks.project_view import ProjectTexts, ProjectView
from noteship.notebooks.reading import Reading

__all__ = ["ReadingMemory"]

FILE_NAME = "readings.json"


class ReadingMemory:
    """Readings by path, each used only while its file and all that it rests on are as they were.

    `made` are the sources and settings that the stages were found to write.

    Cost: one file of about 2 KiB a notebook.
    """

    def __init__(self, folder: Path | None, settings: Any) -> None:
        self._file = None if folder is None else folder / FILE_NAME
        self._version = _version(settings)
        self.made: Mapping[str, str | None] = {}
        self._kept = self._load()
        self._taken: dict[str, Any] = {}

    def get(self, path: str, texts: ProjectTexts) -> Reading | None:
        """The reading of a file, if it is still true."""
        value = self._kept.get(path)
        if value is None or value["digest"] != texts.digest(path):
            return None
        try:
            reading = Reading.from_json(path, value)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        still = {
            cwd: analysis
            for cwd, analysis in reading.analyses.items()
            if ProjectView.still_true(texts, analysis.answers)
        }
        if len(still) == len(reading.analyses):
            self._taken[path] = value
        reading.analyses = still
        return reading

    def save(self, readings: Iterable[Reading], made: Mapping[str, str | None], changed: bool) -> None:
        """Write all readings, if any is new; a folder that cannot be written is no fault."""
        if self._file is None or not (changed or len(self._taken) != len(self._kept)):
            return
        plain = {reading.path: reading.to_json() for reading in readings}
        content = {"version": self._version, "made": dict(made), "readings": plain}
        text = json.dumps(content, separators=(",", ":"))
        try:
            files.write(self._file, text.encode("utf-8", "surrogatepass"))
        except OSError:
            return

    def _load(self) -> Mapping[str, Any]:
        if self._file is None:
            return {}
        try:
            content = json.loads(self._file.read_bytes().decode("utf-8", "surrogatepass"))
            if content["version"] != self._version or not isinstance(content["readings"], dict):
                return {}
            readings: Mapping[str, Any] = content["readings"]
            self.made = content["made"]
            return readings
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}


def _version(settings: Any) -> str:
    """Changes with noteship's own reading code, the running Python and the user's readers and writers."""
    own: list[list[Any]] = []
    waiting = [str(Path(__file__).parent)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    own.append([entry.path, status.st_size, status.st_mtime_ns])
                elif entry.name == "interpreter":
                    waiting.append(entry.path)
    return digests.of_value([sorted(own), list(sys.version_info[:3]), settings])
