"""A project whose stages are Python functions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from noteship import digests, store, workflow
from noteship.workflow.functions import Desk, FunctionExecutor

Function = Callable[[Desk], None]


class Project:
    """A folder, a store, stages and their functions."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = store.open_store(None, root)
        self.ledger = workflow.Ledger(self.store)
        self.environment = workflow.Environment("e1", {"pandas": "2.1"}, "3.11")
        self.stages: dict[str, workflow.Stage] = {}
        self.functions: dict[str, Function] = {}
        self.executed: list[str] = []
        self.events: list[workflow.Event] = []

    def put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def text(self, path: str) -> str:
        return (self.root / path).read_text()

    def lose(self, digest: digests.Digest) -> None:
        """Take one object from the store, as if it had been lost."""
        others = {stored.digest for stored in self.store.objects()} - {digest}
        assert self.store.sweep(others, older_than_s=0).objects == 1

    def add(
        self, name: str, reads: str = "", writes: str = "", function: Function | None = None, **more: object
    ) -> None:
        """A stage; by default it writes, to each file, its name and all that it reads."""
        lists = {key: tuple(value.split()) if isinstance(value, str) else value for key, value in more.items()}
        code = lists.pop("code", name)
        code = digests.of_bytes(repr(code).encode())
        self.stages[name] = workflow.Stage(
            name,
            f"{name}.ipynb",
            code,
            tuple(reads.split()),
            tuple(writes.split()),
            **lists,  # type: ignore[arg-type]
        )
        self.functions[name] = function or joining(name, reads.split(), writes.split())

    def files(self) -> list[str]:
        every = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return [path.as_posix() for path in every if path.parts[0] != ".noteship"]

    def graph(self, *chosen: str) -> workflow.Graph:
        stages, files = self.stages.values(), self.files()
        stale = workflow.stale_files(self.root, stages, files, self.ledger)
        graph = workflow.graph_of(stages, files, self.ledger, stale)
        return workflow.choose(graph, chosen)

    @property
    def place(self) -> workflow.Workplace:
        return workflow.Workplace(self.root, self.store, self.environment)

    def run(
        self,
        graph: workflow.Graph | None = None,
        *,
        stop: threading.Event | None = None,
        **options: object,
    ) -> workflow.RunResult:
        graph = graph or self.graph()
        produced = graph.produced
        executor = FunctionExecutor(self.root, self.store, self.functions, lambda path: bool(produced.matches(path)))
        self.executed = executor.executed
        self.events = []
        chosen = workflow.Options(**options)  # type: ignore[arg-type]
        return workflow.run(graph, executor, self.place, chosen, tell=self.events.append, stop=stop)


def joining(name: str, reads: list[str], writes: list[str]) -> Function:
    def function(desk: Desk) -> None:
        text = "+".join(desk.read(path).decode() for path in reads)
        for path in writes:
            desk.write(path, f"{name}({text})".encode())

    return function


def states(result: workflow.RunResult) -> Mapping[str, str]:
    return {name: record.state for name, record in result.stages.items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
