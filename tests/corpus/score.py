"""Judge the inferred graphs of labelled projects: `python tests/corpus/score.py [FOLDER] [--project NAME] [--json]`."""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import io
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Counts", "Judgement", "inferred", "judge", "projects", "report", "total"]

CORPUS = Path(__file__).parent
HOLE = re.compile(r"(?:\{[^}]*\}|\*)+")
MEASURES = ("edges", "pairs", "reads", "writes", "stages")

Graph = Mapping[str, Any]


@dataclass(frozen=True)
class Counts:
    """How many of one kind were right, wrongly claimed, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was claimed that is true; 1 when nothing was claimed."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of what is true that was claimed; 1 when nothing is true."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)


@dataclass(frozen=True)
class Judgement:
    """One project's inferred graph beside its truth."""

    project: str
    counts: Mapping[str, Counts]
    remarks: tuple[str, ...] = field(default=())


def projects(folder: Path = CORPUS) -> list[Path]:
    """The labelled projects below a folder, by name."""
    return sorted(truth.parent for truth in folder.glob("*/truth.json"))


def judge(project: Path, graph: Callable[[Path], Graph]) -> Judgement:
    """Compare what `graph` says of a project (the form of `noteship graph --json`) with its `truth.json`."""
    truth = json.loads((project / "truth.json").read_text(encoding="utf-8"))
    try:
        claimed = graph(project)
    except Exception as error:
        return _unread(project, truth, error)
    return _compared(project.name, truth, claimed)


def total(judgements: Iterable[Judgement]) -> dict[str, Counts]:
    """The sums over several projects."""
    sums = dict.fromkeys(MEASURES, Counts())
    for judgement in judgements:
        for measure, counts in judgement.counts.items():
            sums[measure] = sums[measure] + counts
    return sums


def report(judgements: Sequence[Judgement], *, quiet: bool = False) -> str:
    """A table of the sums, after the remarks on each project."""
    lines: list[str] = []
    for judgement in judgements:
        if judgement.remarks and not quiet:
            lines += [f"{judgement.project}:", *(f"    {remark}" for remark in judgement.remarks)]
    lines.append(f"{len(judgements)} projects      right  wrong missed  precision recall")
    for measure, counts in total(judgements).items():
        figures = f"{counts.right:6} {counts.wrong:6} {counts.missed:6}  {counts.precision:9.3f} {counts.recall:6.3f}"
        lines.append(f"  {measure:14}{figures}")
    return "\n".join(lines)


def _compared(name: str, truth: Graph, claimed: Graph) -> Judgement:
    stages = {stage["name"]: stage for stage in claimed["stages"]}
    remarks: list[str] = []
    counts = {
        "stages": _counted("stage", set(stages), set(truth["stages"]), set(), remarks),
        "reads": _uses("reads", truth["stages"], stages, remarks),
        "writes": _uses("writes", truth["stages"], stages, remarks),
    }
    true_edges, loose_edges = _edges(truth["edges"]), _edges(truth.get("maybe_edges", ()))
    claimed_edges = _edges(claimed["edges"])
    counts["edges"] = _counted("edge", claimed_edges, true_edges, loose_edges, remarks)
    counts["pairs"] = _counted("", _pairs(claimed_edges), _pairs(true_edges), _pairs(loose_edges), [])
    for stage, labels in truth["stages"].items():
        remarks += _open_questions(stage, labels, stages.get(stage, {}))
    return Judgement(name, counts, tuple(remarks))


def _uses(kind: str, truth: Graph, stages: Graph, remarks: list[str]) -> Counts:
    sums = Counts()
    for name in sorted({*truth, *stages}):
        labels = truth.get(name, {})
        claimed = {_plain(path) for path in stages.get(name, {}).get(kind, ())}
        true = {_plain(path) for path in labels.get(kind, ())}
        loose = {_plain(path) for path in labels.get(f"maybe_{kind}", ())}
        sums = sums + _counted(f"{name} {kind}", claimed, true, loose, remarks)
    return sums


def _counted(what: str, claimed: set[Any], true: set[Any], loose: set[Any], remarks: list[str]) -> Counts:
    """Count; what is `loose` in the truth may be claimed or not."""
    wrong = {item for item in claimed - true if not any(_alike(item, other) for other in loose)}
    missed = true - claimed
    remarks += [f"wrong   {what} {_shown(item)}" for item in sorted(wrong)]
    remarks += [f"missed  {what} {_shown(item)}" for item in sorted(missed)]
    return Counts(len(claimed & true), len(wrong), len(missed))


def _alike(item: Any, loose: Any) -> bool:
    if isinstance(item, tuple):
        return bool(item[:2] == loose[:2])
    return bool(item == loose or fnmatch.fnmatchcase(item, loose))


def _open_questions(name: str, labels: Graph, stage: Graph) -> list[str]:
    remarks = []
    for kind in ("external", "unknown"):
        expected, found = _number(labels.get(kind, 0)), _number(stage.get(kind, 0))
        if bool(expected) != bool(found):
            remarks.append(f"note    {name} {kind}: {found}, labelled {expected}")
    return remarks


def _unread(project: Path, truth: Graph, error: Exception) -> Judgement:
    labels = truth["stages"].values()
    missed = {
        "stages": len(truth["stages"]),
        "reads": sum(len(stage["reads"]) for stage in labels),
        "writes": sum(len(stage["writes"]) for stage in labels),
        "edges": len(truth["edges"]),
        "pairs": len(_pairs(_edges(truth["edges"]))),
    }
    counts = {measure: Counts(missed=number) for measure, number in missed.items()}
    return Judgement(project.name, counts, (f"failed  {type(error).__name__}: {error}",))


def _edges(edges: Iterable[Sequence[str]]) -> set[tuple[str, str, str]]:
    return {(producer, consumer, _plain(path)) for producer, consumer, path in edges}


def _pairs(edges: set[tuple[str, str, str]]) -> set[tuple[str, str]]:
    return {(producer, consumer) for producer, consumer, _ in edges}


def _plain(path: str) -> str:
    """A path whose holes are all written alike and that does not end in a slash."""
    return HOLE.sub("*", path).rstrip("/")


def _number(value: Any) -> int:
    return value if isinstance(value, int) else len(value)


def _shown(item: Any) -> str:
    return item if isinstance(item, str) else " > ".join(item)


def inferred(project: Path) -> Graph:
    """What `noteship graph --json` says, asked over a copy, so that no cache is left in the project."""
    # Imported here, so that the arithmetic above can be used without the parts that it judges.
    from noteship.cli import main as cli

    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / project.name
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns("truth.json", ".noteship"))
        heard = io.StringIO()
        with contextlib.redirect_stdout(heard):
            code = cli.main(["graph", "--json", "--project", str(copy)])
    graph = json.loads(heard.getvalue() or "{}")
    if "stages" not in graph:
        raise RuntimeError(f"`noteship graph` ended with {code}: {heard.getvalue()[:500]}")
    return dict(graph)


def main() -> int:
    """Print the judgement of the corpus, or of another folder of labelled projects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--project", action="append", default=[], metavar="NAME")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quiet", action="store_true", help="the table only")
    arguments = parser.parse_args()
    chosen = [path for path in projects(arguments.folder) if not arguments.project or path.name in arguments.project]
    judgements = [judge(path, inferred) for path in chosen]
    if arguments.json:
        print(json.dumps([asdict(judgement) for judgement in judgements], indent=1, ensure_ascii=False))
    else:
        print(report(judgements, quiet=arguments.quiet))
    return 0


if __name__ == "__main__":
    sys.exit(main())
