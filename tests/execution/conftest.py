"""One project, one store and one runner for all tests of execution; each test begins with an empty project."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from noteship import store
from noteship.notebooks.document import read_document
from noteship.notebooks.execution import Execution, Job, Progress, Runner


class Bench:
    """Writes documents into a project and runs them."""

    def __init__(self, root: Path, runner: Runner, objects: store.Store) -> None:
        self.root = root
        self.runner = runner
        self.objects = objects
        self.progress: list[Progress] = []

    def write(self, path: str, text: str) -> Path:
        """A file of the project."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def notebook(self, *sources: str | dict[str, Any], path: str = "stage.ipynb") -> str:
        """A notebook of these cells; a dictionary is laid over a code cell."""
        cells = []
        for number, source in enumerate(sources):
            over = source if isinstance(source, dict) else {"source": source}
            empty = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": [], "execution_count": None}
            cells.append(empty | over)
        self.write(path, json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    def job(self, path: str, **fields: Any) -> Job:
        """A job for a file of the project."""
        document = read_document(path, (self.root / path).read_text())
        return Job(run="run", stage=path.rpartition(".")[0], document=document, **fields)

    def run(self, path: str, *, cancel: threading.Event | None = None, **fields: Any) -> Execution:
        """Run a file of the project."""
        self.progress.clear()
        return self.runner.run(self.job(path, **fields), cancel or threading.Event(), self.progress.append)

    def cells(self, *sources: str | dict[str, Any], **fields: Any) -> Execution:
        """Run a notebook of these cells."""
        return self.run(self.notebook(*sources), **fields)

    def text(self, artifact: store.Artifact | None) -> str:
        """The text of an artifact."""
        assert artifact is not None
        return self.objects.get_bytes(artifact.digest).decode()

    def record(self, execution: Execution) -> dict[str, Any]:
        """The executed notebook."""
        value: dict[str, Any] = json.loads(self.text(execution.record))
        return value

    def outputs(self, execution: Execution) -> list[list[dict[str, Any]]]:
        """The outputs of each code cell."""
        return [cell["outputs"] for cell in self.record(execution)["cells"] if cell["cell_type"] == "code"]

    def artifact(self, text: str) -> store.Artifact:
        """A text in the store, as another stage would have made it."""
        path = self.root / ".noteship" / "made"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return self.objects.put_artifact(path)


@pytest.fixture(scope="session")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    top = tmp_path_factory.mktemp("execution")
    root = top / "project"
    root.mkdir()
    # Temporary files do not count as read, so that the stages' must not be where the tests' own files are.
    temporary = top / "temporary"
    temporary.mkdir()
    objects = store.open_store(None, root)
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with Runner(root, Path(sys.executable), objects, environment=environment) as runner:
        yield Bench(root, runner, objects)


@pytest.fixture
def bench(_bench: Bench) -> Iterator[Bench]:
    yield _bench
    for entry in _bench.root.iterdir():
        if entry.name == ".noteship":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait up to ten seconds for something to become true."""
    import time

    def wait(test: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not test():
            assert time.monotonic() < deadline, "it did not become true"
            time.sleep(0.02)

    return wait
