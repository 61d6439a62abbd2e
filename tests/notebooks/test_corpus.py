"""The graphs inferred of the labelled projects agree with what people say of them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from corpus import score

PROJECTS = score.projects()


def _truth(project: Path) -> Any:
    return json.loads((project / "truth.json").read_text(encoding="utf-8"))


def _labelled(folder: Path, **labels: Any) -> Path:
    """A project that is nothing but its truth."""
    folder.mkdir()
    (folder / "truth.json").write_text(json.dumps(labels), encoding="utf-8")
    return folder


def _stage(name: str, reads: list[str], writes: list[str]) -> dict[str, Any]:
    return {"name": name, "reads": reads, "writes": writes, "external": 0, "unknown": 0}


def _graph(stage: dict[str, Any], _: Path) -> score.Graph:
    """A graph of one stage, whatever the project."""
    return {"stages": [stage], "edges": []}


def _labels(reads: list[str], writes: list[str], **more: list[str]) -> dict[str, Any]:
    return {"reads": reads, "writes": writes, "external": 0, "unknown": 0, **more}


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Two stages, one file from the first to the second."""
    return _labelled(
        tmp_path / "pair",
        stages={"a": _labels(["raw.csv"], ["mid.csv"]), "b": _labels(["mid.csv"], ["plots/*.png"])},
        edges=[["a", "b", "mid.csv"]],
    )


def test_corpus_has_forty_projects() -> None:
    """The corpus is large enough for its figures to mean something."""
    assert len(PROJECTS) >= 40


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_labels_speak_of_what_is_there(project: Path) -> None:
    """Every labelled stage is a file of its project, and every edge leads from a writer to a stage that reads."""
    truth = _truth(project)
    stages = truth["stages"]
    assert truth["about"]
    for name, labels in stages.items():
        assert any((project / f"{name}{suffix}").is_file() for suffix in (".ipynb", ".py")), name
        assert labels["reads"] == sorted(set(labels["reads"])), name
        assert labels["writes"] == sorted(set(labels["writes"])), name
    for producer, consumer, path in truth["edges"]:
        assert producer in stages
        assert producer != consumer
        assert path in stages[consumer]["reads"]


def test_agreement_counts_as_right(pair: Path) -> None:
    """A graph that says what the truth says is wholly right, whatever its holes are called."""
    graph = {
        "stages": [_stage("a", ["raw.csv"], ["mid.csv"]), _stage("b", ["mid.csv"], ["plots/{city}.png"])],
        "edges": [["a", "b", "mid.csv"]],
    }
    judgement = score.judge(pair, lambda _: graph)
    assert not judgement.remarks
    assert judgement.counts["edges"] == score.Counts(right=1)
    assert judgement.counts["writes"] == score.Counts(right=2)


def test_wrong_and_missed_are_told_apart(pair: Path) -> None:
    """A file claimed in another's place is one wrong and one missed, and both are named."""
    graph = {"stages": [_stage("a", ["row.csv"], ["mid.csv"]), _stage("b", ["mid.csv"], [])], "edges": []}
    judgement = score.judge(pair, lambda _: graph)
    assert judgement.counts["reads"] == score.Counts(right=1, wrong=1, missed=1)
    assert judgement.counts["edges"] == score.Counts(missed=1)
    assert "wrong   a reads row.csv" in judgement.remarks
    assert "missed  edge a > b > mid.csv" in judgement.remarks


def test_open_labels_count_neither_way(tmp_path: Path) -> None:
    """What the truth leaves open may be claimed or not without any change of the counts."""
    stages = {"a": _labels([], ["mid.csv"], maybe_reads=["cache.csv"])}
    project = _labelled(tmp_path / "open", stages=stages, edges=[])
    for reads in ([], ["cache.csv"]):
        judgement = score.judge(project, partial(_graph, _stage("a", reads, ["mid.csv"])))
        assert judgement.counts["reads"] == score.Counts()


def test_unreadable_project_misses_everything(pair: Path) -> None:
    """A project on which the inference fails counts as missed throughout, and does not end the judgement."""

    def failing(_: Path) -> score.Graph:
        raise ValueError("no")

    judgement = score.judge(pair, failing)
    assert judgement.counts["edges"] == score.Counts(missed=1)
    assert judgement.counts["stages"] == score.Counts(missed=2)
    assert "ValueError" in judgement.remarks[0]


def test_graphs_of_the_corpus_agree_with_the_labels(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the edges claimed over the corpus 98 in 100 are true, and of the true ones 95 in 100 are claimed."""
    judgements = [score.judge(project, score.inferred) for project in PROJECTS]
    with capsys.disabled():
        print("\n" + score.report(judgements, quiet=True))  # noqa: T201 - the figures are to be seen in every run
    edges = score.total(judgements)["edges"]
    assert edges.precision >= 0.98, score.report(judgements)
    assert edges.recall >= 0.95, score.report(judgements)
