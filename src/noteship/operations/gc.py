"""`noteship gc`: frees what no reference and no recent run needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from noteship import tracking, workflow
from noteship.digests import Digest
from noteship.operations import inspecting, judgements, promotions
from noteship.operations.opened import OpenedProject
from noteship.store import GRACE_S, Store

__all__ = ["Freed", "gc"]


@dataclass(frozen=True)
class Freed:
    """What was freed, or would be; `kept` counts the objects that are needed or too young to judge, `young` these."""

    objects: int
    size_bytes: int
    kept: int
    young: int
    results: int
    dry_run: bool

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship gc --json` prints."""
        return asdict(self)


def gc(opened: OpenedProject, keep_runs: int, *, dry_run: bool) -> Freed:
    """Free objects that neither the last runs nor a name needs; those of the last day stay, for runs under way.

    Kept are: outputs and executed notebooks of the last runs, their bundles, the bundles that a name such as `champion`
    points to, the judgements of these bundles and those by which others were promoted, what waits to be told to MLflow,
    and the originals of files that stages change in place.
    """
    objects, ledger = opened.store, opened.ledger
    bundles = _bundles(opened, keep_runs)
    waiting = set(tracking.Outbox(objects).needed())
    needed = objects.reachable(workflow.needed(ledger, keep_runs) | bundles | waiting | _judgements(objects, bundles))
    there = list(objects.objects())
    free = [each for each in there if each.digest not in needed]
    old = [each for each in free if each.age_s >= GRACE_S]
    kept, young = len(there) - len(old), len(free) - len(old)
    if dry_run:
        return Freed(len(old), sum(each.size_bytes for each in old), kept, young, 0, dry_run=True)
    results = workflow.forget_results(ledger, keep_runs)
    _forget_bundles(opened, needed)
    _forget_verdicts(opened)
    swept = objects.sweep(needed)
    return Freed(swept.objects, swept.size_bytes, kept, young, results, dry_run=False)


def _bundles(opened: OpenedProject, keep_runs: int) -> set[Digest]:
    runs = workflow.kept_runs(opened.ledger, keep_runs)
    names = [*opened.store.refs("names/"), *(f"run-bundles/{record.run}" for record in runs)]
    found = (opened.store.read_ref(name) for name in names)
    return {Digest(ref.value["digest"]) for ref in found if ref}


def _judgements(objects: Store, bundles: set[Digest]) -> set[Digest]:
    """Those of the bundles with their pages, and of every promotion what was decided on."""
    promoted = (ref.value["judgement"] for ref in objects.read_refs(f"{promotions.FOLDER}/"))
    judged = (each.digests for each in judgements.every(objects) if each.bundle in bundles)
    return {Digest(each) for each in promoted if each}.union(*judged)


def _forget_verdicts(opened: OpenedProject) -> None:
    if any(opened.store.refs(f"{inspecting.VERDICTS}/")):
        from noteship.operations import checking

        shelf = inspecting.shelf_of(opened)
        checking.forget_others(opened.store, shelf.by_file.values() if shelf else ())


def _forget_bundles(opened: OpenedProject, needed: set[Digest]) -> None:
    """A bundle that is not kept has no name any more, so that it is made again rather than found damaged."""
    for prefix in ("bundle-keys/", "bundles/", "run-bundles/"):
        for ref in opened.store.read_refs(prefix):
            if ref.value["digest"] not in needed:
                opened.store.delete_ref(ref.name)
    for judgement in judgements.every(opened.store):
        if judgement.bundle not in needed:
            opened.store.delete_ref(judgement.ref)
