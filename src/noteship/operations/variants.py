"""Variants of a project: with other parameters or other choices, over its own cache, with its folder left as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from noteship import computing, workflow
from noteship.operations.executing import NotebookExecutor, bring, runner_of
from noteship.operations.inspecting import inspector_of
from noteship.operations.opened import OpenedProject
from noteship.operations.parameters import with_values
from noteship.operations.stages import check, check_any, chosen_of, graph_of, resolved

__all__ = ["Variant", "Variants"]


@dataclass(frozen=True)
class Variant:
    """A project with the parameters of a variant, and the graph that is to be brought up to date."""

    opened: OpenedProject
    graph: workflow.Graph


class Variants:
    """Runs variants of one project, several at once; what two of them have in common is executed once.

    Nothing is delivered into the project's folder: outputs are artifacts in the store, by the results of the run. One
    runner serves them all, so a variant costs little beside its stages.
    """

    def __init__(
        self, opened: OpenedProject, *, jobs: int = 1, keep: bool = False, cluster: computing.Wanted | None = None
    ) -> None:
        """`jobs`: stages at once in each variant; `keep`: the workspaces of stages that fail.

        `cluster` is for stages that ask for none.
        """
        self._opened, self._jobs = opened, jobs
        self._runner = runner_of(opened, keep=keep, cluster=cluster)
        inspector = inspector_of(opened)
        self._beside = workflow.Beside(inspector) if inspector else workflow.Beside()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._runner.close()

    def of(
        self,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        chosen: Sequence[str] = (),
        targets: Sequence[str] = (),
    ) -> Variant:
        """A variant with these parameters, by stage and name, and these alternatives, up to the targets.

        Raises NoSuchParameter, and what a graph that cannot run raises.
        """
        opened = with_values(self._opened, parameters or {})
        check_any(opened)
        whole = graph_of(opened)
        graph = chosen_of(opened, whole, chosen, targets)
        graph = graph.upto(resolved(opened, graph, targets)) if targets else graph
        check(opened, graph)
        return Variant(opened, graph)

    def run(
        self,
        variant: Variant,
        purpose: str,
        *,
        tell: Callable[[workflow.Event], None] | None = None,
        stop: threading.Event | None = None,
    ) -> workflow.RunResult:
        """Bring a variant up to date; `purpose` says in the ledger what for. May be called in several threads at once.

        Raises what the environment or the store lack.
        """
        executor = NotebookExecutor(variant.opened, variant.graph, self._runner, lambda _: None)
        options = workflow.Options(self._jobs, aside=purpose)
        place = variant.opened.workplace

        def brought(graph: workflow.Graph, options: workflow.Options) -> workflow.RunResult:
            result = workflow.run(graph, executor, place, options, beside=self._beside, tell=tell, stop=stop)
            self._runner.release(result.run)
            return result

        return bring(brought, variant.graph, options, lambda _: None)
