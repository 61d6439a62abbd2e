"""An executor whose stages are Python functions: what tests and experiments use in the place of notebooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from noteship import errors
from noteship.store import Artifact, Store
from noteship.workflow.stages import Stage
from noteship.workflow.tasks import Failure, Outcome, Task

__all__ = ["Desk", "FunctionExecutor"]


class Desk:
    """What a function works on: files by their path in the project; it remembers what was read and written."""

    def __init__(self, task: Task, cancel: threading.Event, store: Store, raw: Callable[[str], bytes | None]) -> None:
        self.params = task.stage.params
        self.cancel = cancel
        self.outputs: dict[str, Artifact] = {}
        self.reads: list[str] = []
        self.wanted: list[str] = []
        self._inputs = dict(task.inputs)
        self._store = store
        self._raw = raw

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError for what is not given and not the project's own."""
        artifact = self.outputs.get(path) or self._inputs.get(path)
        if artifact:
            self.reads.append(path)
            return self._store.get_bytes(artifact.digest)
        data = self._raw(path)
        (self.reads if data is not None else self.wanted).append(path)
        if data is None:
            raise FileNotFoundError(path)
        return data

    def write(self, path: str, data: bytes) -> None:
        """Write a file."""
        self.outputs[path] = Artifact(self._store.put_bytes(data), "file", len(data))


class FunctionExecutor:
    """Executes each stage by the function of its name; those that `is_made` says are not the project's own files."""

    def __init__(
        self,
        root: Path,
        store: Store,
        functions: Mapping[str, Callable[[Desk], None]],
        is_made: Callable[[str], bool] = lambda path: False,  # noqa: ARG005  the seam's own shape
    ) -> None:
        self._root = root
        self._store = store
        self._functions = functions
        self._is_made = is_made
        self.executed: list[str] = []

    def __call__(self, task: Task, cancel: threading.Event) -> Outcome:
        """Call the function; what it raises is the stage's failure."""
        self.executed.append(task.stage.name)
        desk = Desk(task, cancel, self._store, self._raw)
        began = time.monotonic()
        failure = self._call(task.stage, desk)
        return Outcome(
            outputs={} if failure else desk.outputs,
            reads=tuple(desk.reads),
            wanted=tuple(desk.wanted),
            failure=failure,
            seconds=time.monotonic() - began,
        )

    def _call(self, stage: Stage, desk: Desk) -> Failure | None:
        try:
            self._functions[stage.name](desk)
        except errors.NoteshipError:
            raise  # the store's, not the function's
        except Exception as error:
            return Failure("code", f"{type(error).__name__}: {error}", where=stage.path)
        return Failure("interrupted", "the run was stopped") if desk.cancel.is_set() else None

    def _raw(self, path: str) -> bytes | None:
        file = self._root / path
        return None if self._is_made(path) or not file.is_file() else file.read_bytes()
