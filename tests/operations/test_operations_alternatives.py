"""Alternatives: every combination over one cache, ranked."""

from __future__ import annotations

import math
from dataclasses import replace

from noteship.cli.alternatives import summary
from noteship.operations import alternatives
from noteship.operations.alternatives import Candidate
from noteship.operations.bundle import Made
from noteship.validation.judgement import Estimate, Gate, Judgement, Split


def candidate(name: str, value: float, *, passed: bool = True, metric: str = "f1") -> Candidate:
    split = Split("share", 80, 20)
    kind = "classification" if metric == "f1" else "regression"
    figures = {metric: Estimate(value)}
    judgement = Judgement(name, "p", kind, "label", metric, split, "clone", "", figures, figures, passed=passed)
    return Candidate((name,), made=Made(name, {}, again=False), judgement=judgement)


def order(*candidates: Candidate) -> list[str]:
    return [each.chosen[0] for each in alternatives.ranked(candidates).candidates]


def test_the_best_comes_first() -> None:
    """Candidates that pass come first, by their measure; then those that fail; last those without a bundle."""
    failed = replace(candidate("none", 1.0), made=None, judgement=None)
    assert order(
        failed,
        candidate("fails", 0.99, passed=False),
        candidate("unknown", math.nan),
        candidate("low", 0.90),
        candidate("high", 0.95),
    ) == ["high", "low", "unknown", "fails", "none"]


def test_less_is_better_of_errors() -> None:
    """Of a measure of which less is better, the least comes first."""
    assert order(candidate("more", 2.0, metric="rmse"), candidate("less", 1.0, metric="rmse")) == ["less", "more"]


def test_either_direction_of_a_bias_is_bad() -> None:
    """The one that is nearest to 0 comes first; what no interval is known of is told without one."""
    several = [
        candidate(name, value, metric="bias") for name, value in (("far", -250.0), ("exact", 0.1), ("near", 3.0))
    ]
    assert order(*several) == ["exact", "near", "far"]
    told = "\n".join(summary(alternatives.ranked(several)))
    assert "0.100" in told and "nan" not in told


def test_nothing_to_compare(project) -> None:
    """A project without alternatives is told so, and what to do instead."""
    project.notebook("a", "open('x.txt', 'w').write('1')")
    answer = project.call("run", "--alternatives")
    assert answer.code == 2
    assert "there are no alternatives among the 1 stages" in answer.err


def test_what_does_not_go_together(project) -> None:
    """What changes the folder or its results does not go with it."""
    project.notebook("a", "open('x.txt', 'w').write('1')")
    answer = project.call("run", "--alternatives", "--force", "a")
    assert answer.code == 2
    assert "--force does not go with --alternatives" in answer.err


def test_common_work_is_done_once(project) -> None:
    """Of two by two alternatives, those of the first kind run once each, a failure stops its own combinations alone."""
    project.notebook("0", "open('raw.txt', 'w').write('1')")
    for name in ("1a", "1b"):
        project.notebook(name, f"x = open('raw.txt').read()\nopen('features.txt', 'w').write(x + {name!r})")
    project.notebook("2a", "x = open('features.txt').read()\nopen('model.txt', 'w').write(x + '2a')")
    project.notebook("2b", "x = open('features.txt').read()\nassert '1b' not in x\nopen('model.txt', 'w').write(x)")
    project.notebook("3", "x = open('model.txt').read()\nopen('end.txt', 'w').write(x)")
    answer = project.call("run", "--alternatives", "--json")
    assert answer.code == 1
    found = answer.document["candidates"]
    ended = {tuple(each["chosen"]): each["state"] for each in found}
    assert ended == {("1a", "2a"): "done", ("1a", "2b"): "done", ("1b", "2a"): "done", ("1b", "2b"): "failed"}
    executed = [stage["stage"] for each in found for stage in each["stages"] if stage["state"] == "executed"]
    assert [executed.count(name) for name in ("0", "1a", "1b", "2a")] == [1, 1, 1, 2]
    assert "AssertionError" in answer.err
    assert not (project.root / "features.txt").exists()


def test_the_ranking_says_that_its_first_was_chosen_by_these_rows() -> None:
    """The best of several on the same rows is too good; of one alone nothing is said."""
    several = alternatives.ranked(
        [candidate("a", 0.9), candidate("b", 0.8), replace(candidate("c", 0), judgement=None)]
    )
    assert several.judged == 2 == several.to_json()["judged"]
    told = "\n".join(summary(several))
    assert "the first is the best of 2 on the same 20 held-out rows, in part by luck" in told
    assert "by luck" not in "\n".join(summary(alternatives.ranked([candidate("a", 0.9)])))


def test_what_speaks_against_a_bundle_is_told() -> None:
    """Below the ranking stands, for each that fails, the gate with its numbers, or what else was found."""
    good, bad = candidate("good", 0.9), candidate("bad", 0.8, passed=False)
    assert bad.judgement is not None
    gate = Gate("f1 >= 0.85", passed=False, told="0.8 < 0.85")
    bad = replace(bad, judgement=replace(bad.judgement, gates=(gate,), failures=("it is worse than its clone",)))
    told = list(summary(alternatives.ranked([good, bad])))
    assert "2 failed: f1 >= 0.85 (0.8 < 0.85)" in told and "2 failed: it is worse than its clone" in told
    assert not any(line.startswith("1 failed") for line in told)
    assert [line.split()[2] for line in told[2:4]] == ["no", "failed"]
