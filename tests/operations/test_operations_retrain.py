"""Retraining: when it is due, how far a new model goes, and what is on record."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from noteship import monitor, store, workflow
from noteship.monitor.pieces import stamp
from noteship.operations import promotions, retrainings
from noteship.operations.bundle import Made
from noteship.operations.errors import NothingToRetrain
from noteship.operations.judgements import read
from noteship.operations.naming import named
from noteship.operations.opened import OpenedProject
from noteship.operations.promote import promote
from noteship.operations.retrain import Retrained, RetrainRequest, Tools, retrain
from noteship.operations.run import RunReport
from noteship.operations.validate import Validated
from noteship.workflow import Graph, RunResult, StageRecord
from operations.judged_bundles import bundle_of, judge

SERVICE = """
[project]
name = "mail"
[service]
steps = ["model.sav"]
data = "rows.csv"
inputs = ["a"]
[validate]
gates = ["f1 >= 0.95"]
"""
# 2026-03-01 12:00 UTC.
RANG = 1772366400


def project(folder: Path, retraining: str = "") -> OpenedProject:
    (folder / "noteship.toml").write_text(f"{SERVICE}\n{retraining}\n", encoding="utf-8")
    return OpenedProject.at(folder)


def report(digest: str, failure: workflow.Failure | None = None) -> RunReport:
    """A run that made a bundle, or failed."""
    record = StageRecord("train", "failed" if failure else "executed", failure=failure)
    result = RunResult(
        "20260301T101500123Z-0a1b2c", "failed" if failure else "done", {"train": record}, {}, (), Graph.of((), ()), 1.0
    )
    return RunReport(result, (), None if failure else Made(digest, {}, again=False))


@dataclass
class Steps:
    """The steps over bundles of one file; what was done is kept."""

    opened: OpenedProject
    content: str = "new"
    passed: bool = True
    failure: workflow.Failure | None = None
    done: list[str] = field(default_factory=list)
    stops_at: str = ""
    settled: Mapping[str, Any] | None = None

    def run(self, _: retrainings.Retraining) -> RunReport:
        self._do("run")
        there = [ref.value["digest"] for ref in self.opened.store.read_refs(f"made/{self.content}")]
        digest = there[0] if there else bundle_of(self.opened, self.content)
        if not there:
            self.opened.store.write_ref(f"made/{self.content}", {"digest": digest}, expected=None)
        return report(digest, self.failure)

    def judge(self, bundle: str) -> Validated:
        self._do("judge")
        kept = judge(self.opened, bundle, passed=self.passed)
        return Validated(named(self.opened, bundle), read(self.opened.store, kept), kept, again=False)

    def canary(self, bundle: str, reason: str) -> Mapping[str, Any]:
        self._do("canary")
        return {"release": f"canary of {bundle}", "reason": reason}

    def deploy(self, bundle: str, reason: str) -> Mapping[str, Any]:
        self._do("deploy")
        return {"release": f"release of {bundle}", "reason": reason}

    def _do(self, step: str) -> None:
        self.done.append(step)
        if step == self.stops_at:
            raise store.errors.StoreUnreachable("s3://team-a/mail", "read", "nobody answers")

    def settle(self) -> Mapping[str, Any] | None:
        self._do("settle")
        return self.settled

    @property
    def tools(self) -> Tools:
        return Tools(self.run, self.judge, self.canary, self.deploy, self.settle)


def retrained(steps: Steps, **request: Any) -> Retrained:
    return retrain(steps.opened, RetrainRequest(**request), steps.tools)


def ring(opened: OpenedProject, version: str, since: int = RANG, settled: str = "") -> None:
    """The evaluator's state of a version whose alarm rings."""
    windows = monitor.Windows(opened.store, monitor.Place("local", "mail", version))
    by = {"by": "ada", "why": settled} if settled else None
    state = monitor.State(upto=since, since=since, settled=by)
    windows.write_state(state.to_json(), windows.read_state())


@pytest.mark.parametrize(
    ("then", "state", "done"),
    [
        ("validate", "validated", ["run", "judge"]),
        ("promote", "promoted", ["run", "judge"]),
        ("canary", "canary", ["run", "judge", "canary"]),
        ("deploy", "deployed", ["run", "judge", "deploy"]),
    ],
)
def test_a_model_that_passes_goes_as_far_as_is_declared(tmp_path: Path, then: str, state: str, done: list[str]) -> None:
    """A canary is no champion yet; what is deployed is."""
    steps = Steps(project(tmp_path, f'[retrain]\nthen = "{then}"'))
    found = retrained(steps, reason="new labels")
    assert (found.state, steps.done) == (state, done)
    champion = promotions.champion(steps.opened.store)
    assert (champion is not None) == (then in ("promote", "deploy"))
    [past] = retrainings.history(steps.opened.store)
    assert (past.state, past.occasions[0].told) == (state, "new labels")
    assert past.steps["run"]["bundle"] == named(steps.opened, "latest").digest
    assert past.steps["judged"]["passed"] is True
    assert ("shipped" in past.steps) == (then in ("canary", "deploy"))


def test_gates_refuse(tmp_path: Path) -> None:
    """What does not pass goes nowhere, and the record says at which gate."""
    steps = Steps(project(tmp_path), passed=False)
    found = retrained(steps)
    assert (found.state, found.is_good) == ("refused", False)
    assert "gate f1 >= 0.95: f1 0.912 < 0.95" in found.why
    assert steps.done == ["run", "judge"] and promotions.champion(steps.opened.store) is None


def test_a_failed_run_ends_it(tmp_path: Path) -> None:
    """The stage and its failure are on record, and nothing is judged."""
    steps = Steps(project(tmp_path), failure=workflow.Failure("code", "KeyError: 'tenure'"))
    found = retrained(steps)
    assert (found.state, found.why, steps.done) == ("failed", "stage train failed: KeyError: 'tenure'", ["run"])
    [past] = retrainings.history(steps.opened.store)
    assert (past.state, past.why) == ("failed", found.why)


def test_the_same_data_give_the_same_model(tmp_path: Path) -> None:
    """Where the champion comes out again, nothing is judged or deployed."""
    steps = Steps(project(tmp_path, '[retrain]\nthen = "promote"'))
    assert retrained(steps).state == "promoted"
    again = retrained(steps)
    assert (again.state, again.is_good, steps.done) == ("unchanged", True, ["run", "judge", "run"])


def test_an_alarm_starts_it_once(tmp_path: Path) -> None:
    """A settled alarm does not; one that rings does, and another window that rings later does again."""
    opened = project(tmp_path, '[retrain]\nthen = "validate"\nat_most = "1 per 1s"')
    served = bundle_of(opened, "served")
    judge(opened, served)
    promote(opened, served)
    steps = Steps(opened)
    assert retrained(steps, if_due=True).state == "not due"
    ring(opened, served, settled="a holiday")
    assert retrained(steps, if_due=True).state == "not due"
    ring(opened, "0" * 64)
    assert retrained(steps, if_due=True).state == "not due", "of a version that nobody serves"
    ring(opened, served)
    found = retrained(steps, if_due=True)
    assert found.state == "validated" and found.retraining is not None
    [occasion] = found.retraining.occasions
    assert (occasion.kind, stamp(RANG) in occasion.told) == ("alarm", True)
    assert retrained(steps, if_due=True).state == "not due"
    ring(opened, served, since=RANG + 300)
    _wait_out(opened)
    assert retrained(steps, if_due=True).state == "validated"


def _wait_out(opened: OpenedProject) -> None:
    """Let the last retraining be of long ago."""
    last = next(retrainings.history(opened.store))
    ref = opened.store.read_ref(f"retrainings/{last.id}/begin")
    assert ref is not None
    opened.store.write_ref(ref.name, {**ref.value, "at": "2026-01-01T00:00:00+00:00"}, expected=ref)


def test_not_more_often_than_allowed(tmp_path: Path) -> None:
    """The second alarm of a day waits for the next; who asks in person is not held back."""
    opened = project(tmp_path, '[retrain]\nthen = "validate"')
    served = bundle_of(opened, "served")
    judge(opened, served)
    promote(opened, served)
    steps = Steps(opened)
    ring(opened, served)
    assert retrained(steps, if_due=True).state == "validated"
    ring(opened, served, since=RANG + 300)
    late = retrained(steps, if_due=True)
    assert (late.state, late.retraining) == ("not due", None)
    assert "[retrain] at_most lets the next one begin at" in late.why
    assert retrained(steps).state == "validated"


def test_what_was_interrupted_is_gone_on_with(tmp_path: Path) -> None:
    """A store that does not answer leaves it open; the next call goes on with the same record, and ends it."""
    steps = Steps(project(tmp_path, '[retrain]\nthen = "promote"'), stops_at="judge")
    with pytest.raises(store.errors.StoreUnreachable):
        retrained(steps, reason="labels")
    first = retrainings.unfinished(steps.opened.store)
    assert first is not None and "run" in first.steps
    steps.stops_at = ""
    found = retrained(steps, if_due=True)
    assert (found.state, found.is_continued) == ("promoted", True)
    [past] = retrainings.history(steps.opened.store)
    assert past.id == first.id


def test_an_asking_that_was_answered_is_not_begun_again(tmp_path: Path) -> None:
    """The next pod of a Job whose retraining has ended has nothing to do; another Job has."""
    steps = Steps(project(tmp_path, '[retrain]\nthen = "validate"'))
    assert retrained(steps, reason="the clock", asked="mail-retrain-1/uid").state == "validated"
    again = retrained(steps, reason="the clock", asked="mail-retrain-1/uid")
    assert (again.state, again.retraining) == ("not due", None)
    assert retrained(steps, reason="the clock", asked="mail-retrain-2/uid").state == "validated"


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from operations.test_operations_retrain import Steps, project, retrained
steps = Steps(project(Path({folder!r}), '[retrain]\\nthen = "promote"'))
steps.{step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
retrained(steps)
"""


@pytest.mark.parametrize("step", ["run", "judge"])
def test_a_killed_process_loses_nothing(tmp_path: Path, step: str) -> None:
    """Whoever comes next goes on with what the killed one began, and there is one record."""
    tests = str(Path(__file__).parents[1])
    script = KILLED.format(tests=tests, folder=str(tmp_path), step=step)
    killed = subprocess.run([sys.executable, "-c", script], env=dict(os.environ), check=False)
    assert killed.returncode == -signal.SIGKILL
    steps = Steps(project(tmp_path, '[retrain]\nthen = "promote"'))
    found = retrained(steps)
    assert (found.state, found.is_continued) == ("promoted", True)
    assert len(list(retrainings.history(steps.opened.store))) == 1


def test_without_a_service_there_is_nothing_to_learn(tmp_path: Path) -> None:
    """The error names the section."""
    (tmp_path / "noteship.toml").write_text('[project]\nname = "mail"\n', encoding="utf-8")
    opened = OpenedProject.at(tmp_path)
    with pytest.raises(NothingToRetrain, match="the project makes no bundle"):
        retrained(Steps(opened))


@pytest.mark.parametrize(("settled", "becomes_champion"), [("promoted", True), ("withdrawn", False), ("gone", False)])
def test_a_canary_is_settled_before_anything_else(tmp_path: Path, settled: str, *, becomes_champion: bool) -> None:
    """As long as its evidence does not decide nothing begins; then what was promoted becomes the champion."""
    steps = Steps(project(tmp_path, "[retrain]\nthen = 'canary'"))
    first = retrained(steps)
    assert first.state == "canary" and first.retraining is not None
    waiting = retrained(steps)
    assert (waiting.state, waiting.retraining, waiting.is_good) == ("waiting", None, True)
    steps.settled = {"state": settled, "why": "as good on 4,000 rows"}
    assert retrained(steps, if_due=True).state == "not due"
    champion = promotions.champion(steps.opened.store)
    assert (champion is not None) == becomes_champion
    [past] = retrainings.history(steps.opened.store)
    assert past.steps["settled"]["state"] == settled
    assert steps.done == ["run", "judge", "canary", "settle", "settle"]
