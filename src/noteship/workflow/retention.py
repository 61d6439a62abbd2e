"""What the ledger still needs from the store, for the verb that frees the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from noteship.digests import Digest
from noteship.store import Artifact
from noteship.workflow.ledger import Ledger, RunRecord
from noteship.workflow.results import Result, StageRecord

__all__ = ["forget_asides", "forget_results", "kept_runs", "needed"]

# A run without an end that began longer ago was killed.
LONGEST_RUN = timedelta(days=7)
ASIDE_KEPT = timedelta(days=30)


def needed(ledger: Ledger, runs: int) -> set[Digest]:
    """The digests of all outputs and notebooks of the latest runs, and of the originals of files changed in place.

    The latest are those that have ended; what a run under way has recorded so far is needed as well.
    """
    digests = {artifact.digest for record in kept_runs(ledger, runs) for artifact in _artifacts(ledger, record)}
    digests.update(Artifact.from_json(ref.value).digest for ref in ledger.store.read_refs("origins/"))
    return digests


def forget_results(ledger: Ledger, runs: int) -> int:
    """Remove the results that none of the latest runs made or used, and say how many.

    Their artifacts are not needed by `needed` either, so a result that stayed would only be found lost.
    """
    # What comes while this looks for who uses it is not among them.
    there = list(ledger.store.refs("results/"))
    used = {stage.key for record in kept_runs(ledger, runs) for stage in record.stages.values()}
    old = [name for name in there if name.partition("/")[2] not in used]
    for name in old:
        ledger.store.delete_ref(name)
    return len(old)


def kept_runs(ledger: Ledger, runs: int) -> Iterator[RunRecord]:
    """The latest `runs` that have ended, as many aside, and all that may still go on."""
    yield from _kept(ledger, runs)
    yield from _kept(Ledger(ledger.store, aside=True), runs)


def _kept(ledger: Ledger, runs: int) -> Iterator[RunRecord]:
    alive = _ago(LONGEST_RUN)
    ended = 0
    for name, has_ended in ledger.listed().items():
        if ended >= runs and name < alive:
            return
        if ended < runs if has_ended else name >= alive:
            ended += has_ended
            yield ledger.run(name)


def forget_asides(ledger: Ledger, runs: int) -> int:
    """Remove what is recorded of runs aside that are not kept and began a month ago, and say how many.

    What came of them is with those they were made for, such as a search's trials.
    """
    aside, old = Ledger(ledger.store, aside=True), _ago(ASIDE_KEPT)
    gone = {name for name in aside.listed() if name < old} - {each.run for each in kept_runs(ledger, runs)}
    for folder in ("stages", "asides"):
        for name in ledger.store.refs(f"{folder}/") if gone else ():
            if name.split("/")[1] in gone:
                ledger.store.delete_ref(name)
    return len(gone)


def _ago(time: timedelta) -> str:
    """What the names of runs begin with that began then; those that began before are smaller."""
    return f"{datetime.now(UTC) - time:%Y%m%dT%H%M%S}"


def _artifacts(ledger: Ledger, record: RunRecord) -> Iterator[Artifact]:
    results = ledger.results({stage.key for stage in record.stages.values() if stage.key})
    every: list[StageRecord | Result] = [*record.stages.values(), *results.values()]
    for each in every:
        yield from each.outputs.values()
        if each.record:
            yield each.record
