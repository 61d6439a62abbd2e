"""What the ledger still needs from the store, for the verb that frees the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from noteship.digests import Digest
from noteship.store import Artifact
from noteship.workflow.ledger import Ledger, RunRecord
from noteship.workflow.results import Result, StageRecord

__all__ = ["forget_results", "kept_runs", "needed"]

OPEN = "no end recorded"
# A run without an end that began longer ago was killed.
LONGEST_RUN = timedelta(days=7)


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
    used = {stage.key for record in kept_runs(ledger, runs) for stage in record.stages.values()}
    old = [name for name in ledger.store.refs("results/") if name.partition("/")[2] not in used]
    for name in old:
        ledger.store.delete_ref(name)
    return len(old)


def kept_runs(ledger: Ledger, runs: int) -> Iterator[RunRecord]:
    """The latest `runs` that have ended, as many aside, and all that may still go on."""
    yield from _kept(ledger, runs)
    yield from _kept(Ledger(ledger.store, aside=True), runs)


def _kept(ledger: Ledger, runs: int) -> Iterator[RunRecord]:
    alive = f"{datetime.now(UTC) - LONGEST_RUN:%Y%m%dT%H%M%S}"
    ended = 0
    for record in ledger.history():
        if ended >= runs and record.run < alive:
            return
        if record.state == OPEN:
            if record.run >= alive:
                yield record
        elif ended < runs:
            ended += 1
            yield record


def _artifacts(ledger: Ledger, record: RunRecord) -> Iterator[Artifact]:
    results = ledger.results({stage.key for stage in record.stages.values() if stage.key})
    every: list[StageRecord | Result] = [*record.stages.values(), *results.values()]
    for each in every:
        yield from each.outputs.values()
        if each.record:
            yield each.record
