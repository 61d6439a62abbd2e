"""Files that `[service]` names, looked at before any stage runs: who has misspelt one waits for nothing.

A stage may write what its source does not show, so not every name that nobody is known to write is wrong: what hardly
differs from a name that is known is refused, all else is told.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator

from noteship import patterns, project, workflow
from noteship.operations.errors import StepNotMade
from noteship.operations.opened import OpenedProject

__all__ = ["check_files", "slip"]

# One letter of ten is wrong: `modell.joblib` is near to `model.joblib`, `test.csv` is not to `text.csv`.
SLIP, NEAR = 0.9, 0.6


def check_files(opened: OpenedProject, graph: workflow.Graph) -> tuple[str, ...]:
    """Sentences on files that are not there and that no stage is known to write. Raises StepNotMade for slips.

    What earlier runs have shown a stage to write is known, too; what they left and nobody writes now is told later.
    """
    named = list(_named(opened))
    absent = [each for each in named if not _is_known(opened, graph, each[1])]
    if not absent:
        return ()
    results = opened.ledger.last_results(list(graph.stages)).values()
    learned = {path for result in results for path in result.outputs}
    written = {path for stage in graph.source.stages for path in stage.writes if not patterns.is_pattern(path)}
    known = {*opened.sources.files, *written, *learned} - {path for _, path in named}
    seen = patterns.PathSet(learned)
    return tuple(_note(opened, setting, path, known) for setting, path in absent if not seen.reach(path))


def _is_known(opened: OpenedProject, graph: workflow.Graph, path: str) -> bool:
    return bool(graph.produced.matches(path)) or path in graph.stale or (opened.root / path).exists()


def _note(opened: OpenedProject, setting: str, path: str, known: Collection[str]) -> str:
    place = project.place(opened.root, f"service.{setting}")
    meant = slip(path, known)
    if meant:
        raise StepNotMade(setting, path, meant, place)
    near = difflib.get_close_matches(path, sorted(known), n=1, cutoff=NEAR)
    more = f"; nearest: {near[0]}" if near else ""
    return f"[service] {setting} names {path} ({place}), which is not there and which no stage is known to write{more}"


def _named(opened: OpenedProject) -> Iterator[tuple[str, str]]:
    service = opened.settings.service
    if service is not None:
        yield from (("steps", step) for step in service.steps if ":" not in step)
        yield "data", service.data
        yield from (("reproduces", path) for path in service.reproduces or ())


def slip(path: str, known: Collection[str]) -> str:
    """The known path that is meant by one that hardly differs from it; of two with other numbers neither is a slip.

    >>> slip("models/modell.joblib", ["models/model.joblib"]), slip("fold_2.joblib", ["fold_1.joblib"])
    ('models/model.joblib', '')
    """
    alike = [each for each in sorted(known) if re.findall(r"\d+", each) == re.findall(r"\d+", path)]
    return next(iter(difflib.get_close_matches(path, alike, n=1, cutoff=SLIP)), "")
