from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pytest

from noteship import tuning
from noteship.errors import Parts, WorkFailed
from noteship.tuning import study
from noteship.tuning.method import NEEDED

SPACE = tuning.Space.from_json({"x": {"low": -5.0, "high": 5.0}, "y": {"low": -5.0, "high": 5.0}, "kind": ["a", "b"]})
SMALL = tuning.Space.from_json({"x": {"low": 0, "high": 3}, "kind": ["a", "b"]})
TO = tuning.Method("minimize")


class Listener:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def began(self, number: int, parameters: Mapping[str, Any]) -> None:
        self.told.append(("began", number))

    def reported(self, number: int, step: int, value: float) -> None:
        self.told.append(("reported", (number, step, value)))

    def ended(self, trial: tuning.Trial) -> None:
        self.told.append(("ended", trial.number))

    def stopped(self, number: int) -> None:
        self.told.append(("stopped", number))


class Alone:
    """A record that nobody else has, and that keeps nothing."""

    def look(self) -> tuning.News:
        return tuning.News()

    def claim(self, number: int, parameters: Mapping[str, Any]) -> bool:
        return True

    def seen(self) -> None:
        pass

    def keep(self, trial: tuning.Trial) -> tuning.Trial:
        return trial

    def drop(self, number: int) -> None:
        pass


class Bad(WorkFailed):
    def parts(self) -> Parts:
        return Parts("it cannot be", remedy="none")


def bowl(parameters: Mapping[str, Any], _report: Any, _cancel: threading.Event) -> tuning.Measured:
    return tuning.Measured(
        (parameters["x"] - 1) ** 2 + 0.01 * parameters.get("y", 0) ** 2 + (parameters["kind"] == "b")
    )


def search(
    space: tuning.Space,
    count: int,
    objective: tuning.Objective = bowl,
    *,
    method: tuning.Method = TO,
    known: Sequence[tuning.Trial] = (),
    jobs: int = 1,
    cancel: threading.Event | None = None,
    timeout_s: float | None = None,
    listener: Listener | None = None,
) -> tuning.Searched:
    made = tuning.Search(space, method, known)
    limits = tuning.Limits(count, timeout_s, jobs)
    return made.run(objective, limits, listener or Listener(), Alone(), cancel)


def points(searched: tuning.Searched) -> list[Mapping[str, Any]]:
    return [each.parameters for each in sorted(searched.trials, key=lambda each: each.number)]


def test_a_search_finds_the_minimum() -> None:
    """Trials come near the best point, in the direction that was named."""
    found = tuning.best(search(SPACE, 60).trials, "minimize")
    assert found
    assert found.value is not None
    assert found.value < 0.3
    assert found.parameters["kind"] == "a"


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_one_at_a_time_is_the_same_each_time(sampler: str) -> None:
    """With one trial at a time equal seeds draw equal points, and another seed draws others."""
    space = SMALL if sampler == "grid" else SPACE
    method = tuning.Method("minimize", sampler)
    assert points(search(space, 7, method=method)) == points(search(space, 7, method=method))
    other = tuning.Method("minimize", sampler, seed=1)
    assert points(search(space, 7, method=method)) != points(search(space, 7, method=other))


@pytest.mark.parametrize("cut", [1, 11, 14])
def test_a_search_that_was_cut_goes_on_as_if_it_had_not_been(cut: int) -> None:
    """Trials that are known, from their plain values, lead to the same next points as in one go."""
    whole = search(SPACE, 16)
    before = [tuning.Trial.from_json(each.to_json()) for each in search(SPACE, cut).trials]
    assert points(search(SPACE, 16, known=before)) == points(whole)


def test_no_point_is_tried_twice_and_a_small_space_ends() -> None:
    """Every point of a finite space is tried once, and then the search is over though more trials were allowed."""
    for sampler in ("tpe", "random", "grid"):
        searched = search(SMALL, 50, method=tuning.Method("minimize", sampler))
        assert searched.state == "exhausted"
        assert len({tuple(each.items()) for each in points(searched)}) == len(searched.trials) == SMALL.size == 8


def test_known_trials_count() -> None:
    """The number of trials is of all that were made, so a search that has them all does nothing."""
    before = search(SPACE, 5).trials
    assert len(search(SPACE, 8, known=before).trials) == 8
    listener = Listener()
    assert search(SPACE, 5, known=before, listener=listener).state == "done"
    assert listener.told == []


def test_gaps_are_filled() -> None:
    """A number that was under way when a search was cut is given to a new trial."""
    before = [each for each in search(SPACE, 6).trials if each.number != 3]
    assert sorted(each.number for each in search(SPACE, 6, known=before).trials) == [0, 1, 2, 3, 4, 5]


def test_what_ran_is_what_is_shown() -> None:
    """Numbers of a continuum have six digits and lie within their ends."""
    for point in points(search(SPACE, 12)):
        assert point["x"] == float(f"{point['x']:.6g}")
        assert SPACE.holds(point)


def test_failed_trials_are_kept_and_the_search_goes_on() -> None:
    """A trial that fails, or whose value is NaN, is recorded with its reason, and the others are made."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        if parameters["kind"] == "b":
            raise Bad
        return tuning.Measured(float("nan") if parameters["x"] > 4 else parameters["x"])

    searched = search(SPACE, 25, objective)
    states = {each.state for each in searched.trials}
    assert len(searched.trials) == 25
    assert states == {"done", "failed"}
    assert {each.why for each in searched.trials if each.state == "failed"} <= {"it cannot be", "its value is nan"}


def test_a_search_of_failures_alone_is_given_up() -> None:
    """If the first trials fail, all of them, the search ends with the reason of the last."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        raise Bad

    with pytest.raises(tuning.errors.AllFailed, match="the first 3 trials failed"):
        search(SPACE, 25, objective)


def test_what_is_no_failure_of_a_trial_ends_the_search() -> None:
    """An error that is not the work's is raised, once what is under way has been told to stop."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        search(SPACE, 25, objective, jobs=2)


def test_a_trial_that_promises_nothing_is_pruned() -> None:
    """With a pruner a trial that reports worse than others on its way ends early, and counts with what it reported."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        value = bowl(parameters, report, cancel).value
        for step in range(5):
            report(step, value + 5 - step)
        return tuning.Measured(value)

    searched = search(SPACE, 30, objective, method=tuning.Method("minimize", pruner="median"))
    pruned = [each for each in searched.trials if each.state == "pruned"]
    done = [each for each in searched.trials if each.state == "done"]
    assert len(pruned) > 3
    assert len(done) > 3
    assert all(1 <= len(each.steps) <= 5 and each.value == fmean(each.steps.values()) for each in pruned)
    assert all(len(each.steps) == 5 for each in done)


@pytest.mark.parametrize("pruner", ["median", "halving"])
@pytest.mark.parametrize(
    ("folds", "is_pruned"), [([0.91, 0.3, 0.3, 0.3, 0.3], True), ([0.89, 0.9, 0.9, 0.9, 0.9], False)]
)
def test_one_fold_does_not_decide(pruner: str, folds: list[float], is_pruned: bool) -> None:
    """An easy fold saves no trial that is worse, and a hard one does not end a trial that is better."""
    point = iter(range(100))

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        number = next(point)
        values = folds if number == 8 else [each + 0.001 * number for each in (0.9, 0.7, 0.7, 0.7, 0.7)]
        for step, value in enumerate(values):
            report(step, value)
        return tuning.Measured(fmean(values))

    last = search(SPACE, 9, objective, method=tuning.Method("maximize", "random", pruner)).trials[-1]
    assert (last.state == "pruned") == is_pruned
    if is_pruned:
        assert 2 <= len(last.steps) < 5


# The library behind the last one takes seconds to load.
@pytest.mark.parametrize(
    "pruner", [pytest.param(each, marks=[pytest.mark.slow] * (each == "wilcoxon")) for each in tuning.PRUNERS]
)
def test_every_pruner_resumes(pruner: str) -> None:
    """What was reported is known to the pruner after a cut, so the search goes on as in one go."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        value = bowl(parameters, report, cancel).value
        for step in range(4):
            report(step, value + 4 - step)
        return tuning.Measured(value)

    method = tuning.Method("minimize", pruner=pruner)
    whole = search(SPACE, 14, objective, method=method)
    before = [tuning.Trial.from_json(each.to_json()) for each in search(SPACE, 9, objective, method=method).trials]
    again = search(SPACE, 14, objective, method=method, known=before)
    told = [(each.parameters, each.state, each.value, each.steps) for each in whole.trials]
    assert [(each.parameters, each.state, each.value, each.steps) for each in again.trials] == told


def test_several_at_once() -> None:
    """As many trials as jobs are under way together, and never more."""
    at_once, most, lock = 0, 0, threading.Lock()

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return bowl(parameters, report, cancel)

    searched = search(SPACE, 12, objective, jobs=3)
    assert most == 3
    assert len({tuple(each.items()) for each in points(searched)}) == 12


def test_time_runs_out() -> None:
    """After the timeout no trial begins, and those under way end."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        time.sleep(0.05)
        return bowl(parameters, report, cancel)

    searched = search(SPACE, 1000, objective, timeout_s=0.2)
    assert searched.state == "timeout"
    assert 1 <= len(searched.trials) < 10
    assert all(each.state == "done" for each in searched.trials)


def test_what_is_stopped_is_not_kept() -> None:
    """Once it is cancelled, a search keeps what has ended and drops what is under way."""
    cancel, listener = threading.Event(), Listener()

    def objective(parameters: Mapping[str, Any], report: Any, stop: threading.Event) -> tuning.Measured:
        if len([each for each in listener.told if each[0] == "ended"]) < 3:
            return bowl(parameters, report, stop)
        cancel.set()
        assert stop.wait(5)
        raise tuning.Stopped

    searched = search(SPACE, 20, objective, cancel=cancel, listener=listener)
    assert searched.state == "interrupted"
    assert [each.number for each in searched.trials] == [0, 1, 2]
    assert listener.told[-1] == ("stopped", 3)


def test_a_grid_needs_an_end() -> None:
    """A grid over numbers without a step is an error that names them."""
    with pytest.raises(tuning.errors.EndlessGrid, match="x, y"):
        tuning.Search(SPACE, tuning.Method("minimize", "grid"))


def test_a_sampler_that_is_not_installed_is_named_with_its_package() -> None:
    """A sampler whose package is missing says which one, before any trial."""
    missing = [each for each, package in NEEDED.items() if not _is_there(package)]
    for sampler in missing:
        with pytest.raises(tuning.errors.SamplerMissing, match=NEEDED[sampler]):
            search(SPACE, 1, method=tuning.Method("minimize", sampler))


def _is_there(package: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(package) is not None


@pytest.mark.slow  # its library loads scikit-learn
def test_importance_finds_what_matters() -> None:
    """The parameter that decides the value is shown, and there is none of few trials or of equal values."""
    trials = search(SPACE, 40, method=tuning.Method("minimize", "random")).trials
    found = study.importances(SPACE, "minimize", trials)
    assert list(found) == ["x"]
    assert 0.5 < found["x"] < 1
    assert study.importances(SPACE, "minimize", trials[:9]) == {}
    assert study.importances(SPACE, "minimize", [_with_value(each, 1.0) for each in trials]) == {}


@pytest.mark.slow  # likewise
def test_what_is_noise_is_not_called_important() -> None:
    """Where no parameter matters, next to no search shows one."""
    chance = random.Random(0)
    shown = 0
    for seed in range(20):
        points = search(SPACE, 20, method=tuning.Method("minimize", "random", seed=seed)).trials
        noise = [_with_value(each, chance.gauss(0, 1)) for each in points]
        shown += bool(study.importances(SPACE, "minimize", noise))
    # Of 20 searches 5 in 100 is one; four or more are in less than two of a hundred runs.
    assert shown <= 3


def _with_value(trial: tuning.Trial, value: float) -> tuning.Trial:
    return tuning.Trial.from_json({**trial.to_json(), "value": value})


def test_choices_of_any_kind_are_searched() -> None:
    """Lists, numbers and texts can be choices of one parameter, and reach the objective as they are."""
    space = tuning.Space.from_json({"x": [[1, 2], "a", 3, True, None]})
    seen = []

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        seen.append(parameters["x"])
        return tuning.Measured(0.0)

    search(space, 10, objective)
    assert len(seen) == 5
    assert all(each in seen for each in ([1, 2], "a", 3, True, None))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fault_is_raised_though_the_search_was_stopped(jobs: int) -> None:
    """What is no failure of a trial is told, also where somebody has stopped the search, or the trial has."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        cancel.set()
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        search(SPACE, 25, objective, jobs=jobs)


@pytest.mark.parametrize("came", [tuning.Stopped, Bad, KeyboardInterrupt])
def test_what_comes_of_stopping_is_not_kept(came: type[BaseException]) -> None:
    """However a trial ends that was stopped, it is drawn again by the next search."""

    def objective(parameters: Mapping[str, Any], report: Any, cancel: threading.Event) -> tuning.Measured:
        cancel.set()
        raise came

    searched = search(SPACE, 25, objective)
    assert (searched.state, list(searched.trials)) == ("interrupted", [])


def test_trials_are_compared_fold_by_fold() -> None:
    """What is a little worse on every fold is told apart from the best, and what is so on some is not."""
    folds = {0: 0.90, 1: 0.60, 2: 0.75, 3: 0.70, 4: 0.85}
    best = tuning.Trial(1, {}, "done", fmean(folds.values()), 0.08, folds)
    worse = tuning.Trial(2, {}, "done", 0.74, 0.08, {each: value - 0.02 - each / 1000 for each, value in folds.items()})
    alike = tuning.Trial(3, {}, "done", 0.75, 0.08, {each: value + (-1) ** each / 10 for each, value in folds.items()})
    fewer = tuning.Trial(4, {}, "done", 0.75, 0.08, {0: 0.9})
    assert tuning.near(best, [best, worse, alike, fewer]) == ([alike], 2)
    assert tuning.near(tuning.Trial(5, {}, "done", 0.9), [best, worse]) == ([], 0)
