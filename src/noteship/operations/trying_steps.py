"""Trials of the composed model's parameters, by children in the project's interpreter that hold the rows."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import select
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from noteship import computing, lifeline, processors, stopping, temporary, tuning, workflow
from noteship.errors import cut
from noteship.nearest import nearest
from noteship.operations import bundle as bundles
from noteship.operations import child as children
from noteship.operations.errors import (
    BundleFailed,
    NoteshipMissing,
    TrialFailed,
    UnknownSearchedStage,
    UnknownStepParameter,
)
from noteship.operations.naming import Named
from noteship.operations.opened import OpenedProject
from noteship.operations.trying_notebooks import Untuned
from noteship.operations.validate import asked_of
from noteship.project import TuneSettings

__all__ = ["InBundle", "StepTrials", "facts_of"]

MODULE = "noteship.validation.trials"
DOING = "trying parameters"
WHERE, SPACE = "cross-validation", "[tune.space]"
# How often it is looked whether the search is to stop.
LOOK_S = 0.1
# A process whose output has ended ends within a moment.
ENDING_S = 10.0


class StepTrials:
    """Tries parameters of a bundle's steps, by cross-validation on its training part; thread-safe.

    Each thread that tries has a child, which loads the model and the rows once, and so does each worker of a cluster.
    """

    def __init__(
        self, opened: OpenedProject, settings: TuneSettings, bundle: Named, wanted: computing.Wanted | None = None
    ) -> None:
        """`wanted`: a cluster on this machine whose workers fit the folds.

        Raises NoTarget, DataGone, NoHoldoutFile, EngineMissing, ClusterBroken.
        """
        self._opened, self._settings, self._bundle = opened, settings, bundle
        self._python = opened.environment.interpreter.path
        self._cluster: computing.Cluster | None = None
        with contextlib.ExitStack() as held:
            folder = held.enter_context(temporary.folder())
            self._request = folder / "request.json"
            asked = replace(asked_of(opened, self._bundle, folder), metric=settings.metric)
            self._request.write_text(json.dumps({**asked.to_json(), "folds": settings.folds}), encoding="utf-8")
            if wanted is not None:
                place = computing.Place(opened.root, Path(self._python), opened.variables)
                clusters = held.enter_context(contextlib.closing(computing.Clusters(place)))
                self._cluster = held.enter_context(clusters.use(wanted))
            self._held = held.pop_all()
        self._idle: queue.SimpleQueue[_Child] = queue.SimpleQueue()
        self._children: list[_Child] = []
        self._places: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for each in self._children:
            each.end()
        self._held.close()

    def untuned(self) -> Untuned:
        """The steps as they are.

        Raises UnknownSearchedStage, UnknownStepParameter, TrialFailed, NoteshipMissing, and what the child raises.
        """
        for name in self._settings.space:
            # To know its parameters, the model has to be loaded; the bundle says what its steps are called.
            _label(name, self._labels())
        child = self._child(threading.Event())
        self._places = {name: _place(name, child.steps) for name in self._settings.space}
        self._idle.put(child)
        own = {name: child.steps[step]["parameters"][each] for name, (step, each) in self._places.items()}
        steps: dict[int, float] = {}
        measured = self.tried({}, steps.__setitem__, threading.Event())
        facts = [self._bundle.digest, self._opened.environment.digest, *facts_of(self._opened, self._settings)]
        return Untuned(own, measured, facts, steps)

    def _labels(self) -> list[str]:
        """Of the steps that are fitted, as far as the bundle's description tells them from functions."""
        steps = json.loads((self._request.parent / "bundle" / "bundle.json").read_bytes())["steps"]
        fitted = [each for each in steps if each["kind"] != "function"]
        return [f"{each['source']}[{each['part']}]" if each["part"] else each["source"] for each in fitted]

    def __call__(
        self, parameters: Mapping[str, Any], report: tuning.Report, cancel: threading.Event, /
    ) -> tuning.Measured:
        """One trial; it reports each fold."""
        changes: dict[str, dict[str, Any]] = {}
        for name, value in parameters.items():
            step, parameter = self._places[name]
            changes.setdefault(step, {})[parameter] = value
        return self.tried(changes, report, cancel)

    def tried(
        self, changes: Mapping[str, Mapping[str, Any]], report: tuning.Report, cancel: threading.Event
    ) -> tuning.Measured:
        """The metric of the steps with other parameters, by their labels. Raises TrialFailed, Pruned, Stopped.

        Where a signal ends the process, as where memory is short, that is tried once more, by another one.
        """
        began = time.monotonic()
        try:
            value, error = self._tried(changes, report, cancel)
        except _Killed:
            try:
                value, error = self._tried(changes, report, cancel)
            except _Killed as killed:
                raise TrialFailed(WHERE, f"its process ended twice; {killed}", SPACE) from killed
        return tuning.Measured(value, error, time.monotonic() - began)

    def _tried(
        self, changes: Mapping[str, Mapping[str, Any]], report: tuning.Report, cancel: threading.Event
    ) -> tuple[float, float]:
        child = self._child(cancel)
        try:
            return child.tried(changes, report, cancel)
        finally:
            if child.is_well:
                self._idle.put(child)
            else:
                child.end()

    def _child(self, cancel: threading.Event) -> _Child:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            made = _Child(self._python, self._request, self._cluster, self._opened.variables)
            with self._lock:
                self._children.append(made)
            made.begin(cancel)
            return made


@dataclass(frozen=True)
class InBundle:
    """The bundle that a run of notebooks makes, by cross-validation of its steps on the training part."""

    settings: TuneSettings

    def needed(self, _graph: workflow.Graph) -> Sequence[str]:
        """All stages, as for a bundle."""
        return ()

    def facts(self, opened: OpenedProject) -> Any:
        """What the value depends on beside the run."""
        return facts_of(opened, self.settings)

    def value(
        self, opened: OpenedProject, result: workflow.RunResult, report: tuning.Report, cancel: threading.Event
    ) -> tuple[float, float | None]:
        """The mean over the folds, and its standard error. Raises what making the bundle and a trial raise."""
        try:
            made = bundles.make(opened, result, lambda _: None, is_latest=False, cancel=cancel)
        except children.Stopped as error:
            raise tuning.Stopped from error
        with StepTrials(opened, self.settings, Named(made.digest, opened.name, "latest")) as tried:
            measured = tried.tried({}, report, cancel)
        return measured.value, measured.error


def facts_of(opened: OpenedProject, settings: TuneSettings) -> list[Any]:
    """What a cross-validation depends on beside the model, as plain values."""
    validate, service = opened.settings.validate, opened.settings.service
    declared = [service.steps, service.data, service.inputs, service.target] if service else []
    held: dict[str, Any] = validate.holdout.to_json()
    if validate.holdout.file is not None:
        # Its rows are left out of the training part.
        with workflow.FileDigests(opened.root, opened.workplace.digests_cache) as known:
            held["digest"] = known.of(validate.holdout.file)
    return [declared, settings.folds, held, validate.positive, validate.seed]


class _Killed(Exception):
    """A signal has ended the process of a trial; its words are how, and what it said."""


class _Child:
    """One process, asked for one trial after the other. `is_well`: whether it waits for the next one."""

    def __init__(
        self, python: str, request: Path, cluster: computing.Cluster | None, variables: Mapping[str, str]
    ) -> None:
        self.steps: Mapping[str, Any] = {}
        self.is_well = True
        self._python, self._cluster, self._read_yet = python, cluster, b""
        # Workers import the modules of a bundle as the bundle has them.
        access = cluster.access("trials", {}).environment if cluster else {}
        self._said = request.with_name(f"said-{secrets.token_hex(4)}")
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [python, "-m", MODULE, str(request), lifeline.TIED, *(["--spread"] if cluster else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                bufsize=0,
                # Python puts the current folder first, whose files are not meant for this.
                cwd=request.parent,
                # Trials run side by side, and sums come in one order: equal trials come to equal values.
                env={**variables, **dict.fromkeys(processors.VARIABLES, "1"), **access},
                # Ctrl-C is for noteship, which then ends it.
                start_new_session=True,
            )

    def begin(self, cancel: threading.Event) -> None:
        """Wait until the model is loaded. Raises NoteshipMissing, BundleFailed, Stopped."""
        answer = self._read(cancel)
        if answer is None:
            _, said = self._ended()
            if "No module named 'noteship" in said or "No module named noteship" in said:
                raise NoteshipMissing(self._python, DOING)
            raise BundleFailed(1, f"{DOING} ended before it began", self._python, said, "look at the lines above")
        if "error" in answer:
            told = answer["error"]
            raise BundleFailed(told["exit_code"], told["fact"], told["where"], told["nearest"], told["remedy"])
        self.steps = answer["steps"]

    def tried(
        self, changes: Mapping[str, Mapping[str, Any]], report: tuning.Report, cancel: threading.Event
    ) -> tuple[float, float]:
        """One trial: the mean over the folds, and its standard error. Raises _Killed, TrialFailed, Pruned, Stopped."""
        self._write({"changes": changes})
        while True:
            answer = self._read(cancel)
            if answer is None:
                code, told = self._ended()
                if code < 0:
                    raise _Killed(told)
                raise TrialFailed(WHERE, f"its process ended: {told}", SPACE)
            if "failed" in answer:
                raise TrialFailed(WHERE, answer["failed"], SPACE)
            if "fold" not in answer:
                return answer["value"], answer["error"]
            try:
                report(answer["fold"], answer["value"])
            except tuning.Pruned:
                self._write({"go": False})
                raise
            self._write({"go": True})

    def end(self) -> None:
        """Let it end, or end it."""
        self.is_well = False
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        # It is busy with what nobody waits for, or has nothing more to do.
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _write(self, value: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        # Where it has ended, the next reading finds out.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(value).encode() + b"\n")

    def _read(self, cancel: threading.Event) -> dict[str, Any] | None:
        """The next line; None where it has ended. Raises Stopped, ClusterGone."""
        assert self._process.stdout is not None
        pipe = self._process.stdout
        while b"\n" not in self._read_yet:
            if cancel.is_set():
                self.is_well = False
                raise tuning.Stopped
            if self._cluster is not None and not self._cluster.alive():
                self.is_well = False
                raise self._cluster.gone()
            if select.select([pipe], [], [], LOOK_S)[0]:
                data = pipe.read(65_536)
                if not data:
                    self.is_well = False
                    return None
                self._read_yet += data
        line, _, self._read_yet = self._read_yet.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> tuple[int, str]:
        """Its exit code, and how it ended in words, with the last that it said."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_S)
        self.end()
        code = self._process.returncode
        how, said = stopping.how_ended(code), self._said.read_text(encoding="utf-8", errors="replace").strip()
        return code, cut(f"{how}; it said: {said[-400:]}" if said else how)


def _place(name: str, steps: Mapping[str, Any]) -> tuple[str, str]:
    """The label of a step, and its parameter. Raises UnknownSearchedStage, UnknownStepParameter."""
    label, parameter = _label(name, steps), name.rpartition(":")[2]
    known = steps[label]["parameters"]
    if parameter not in known:
        raise UnknownStepParameter(name, steps[label]["kind"], nearest(parameter, known), tuple(known))
    return label, parameter


def _label(name: str, labels: Collection[str]) -> str:
    """The label of the step whose parameter it is. Raises UnknownSearchedStage."""
    step = name.rpartition(":")[0]
    fitting = [label for label in labels if label == step or label.partition("[")[0] == step]
    if step not in labels and len(fitting) != 1:
        raise UnknownSearchedStage(name, f"step {step!r} that is fitted", nearest(step, labels), tuple(labels))
    return step if step in labels else fitting[0]
