"""`noteship gc`: frees what no reference and no recent run needs, and what images were made of long ago."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any

from noteship import tracking, workflow
from noteship.digests import Digest
from noteship.images import pruning
from noteship.operations import build, carried_project, collecting, inspecting, judgements, promotions, releases
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import clocks, record
from noteship.store import GRACE_S, Store

__all__ = ["Freed", "gc"]

JUDGEMENTS = f"{judgements.FOLDER}/"
BUNDLES = ("bundle-keys/", "bundles/", "run-bundles/")


@dataclass(frozen=True)
class Freed:
    """What was freed, or would be; `kept` counts the objects that are needed or too young to judge, `young` these.

    - cached, cached_bytes: packages and layers of images, of all of this person's projects, that were not used for long
    - collected: files of rows that were kept for long enough
    """

    objects: int
    size_bytes: int
    kept: int
    young: int
    results: int
    dry_run: bool
    cached: int = 0
    cached_bytes: int = 0
    collected: int = 0

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship gc --json` prints."""
        return asdict(self)


def gc(opened: OpenedProject, keep_runs: int, *, dry_run: bool) -> Freed:
    """Free what the store has for nothing (`_freed`), and have what images are made of within `[image] cache`."""
    freed = _freed(opened, keep_runs, dry_run=dry_run)
    pruned = pruning.prune(build.cache_folder(), opened.settings.image.cache, dry_run=dry_run)
    return replace(freed, cached=pruned.items, cached_bytes=pruned.size_bytes)


def _freed(opened: OpenedProject, keep_runs: int, *, dry_run: bool) -> Freed:
    """Free objects that neither the last runs nor a name needs; those of the last day stay, for runs under way.

    Kept are: outputs and executed notebooks of the last runs, their bundles, the bundles that a name such as `champion`
    points to, those of the last releases, the judgements of these bundles and those by which others were promoted, what
    waits to be told to MLflow, the originals of files that stages change in place, and what pods asked for beside their
    image in the last hundred days, or will by a clock.
    """
    objects, ledger = opened.store, opened.ledger
    # Others go on meanwhile: what comes after this is not looked at.
    known = {name for prefix in (*BUNDLES, JUDGEMENTS) for name in objects.refs(prefix)}
    needed = _needed(opened, keep_runs)
    there = list(objects.objects())
    free = [each for each in there if each.digest not in needed]
    old = [each for each in free if each.age_s >= GRACE_S]
    kept, young = len(there) - len(old), len(free) - len(old)
    if dry_run:
        return Freed(len(old), sum(each.size_bytes for each in old), kept, young, 0, dry_run=True)
    results = workflow.forget_results(ledger, keep_runs)
    workflow.forget_asides(ledger, keep_runs)
    tracking.Outbox(objects).forget_old()
    carried_project.forget_old(objects, clocks.awaited(objects))
    record.forget_old(objects)
    clocks.forget_old(objects)
    _forget_verdicts(opened, needed)
    # All that took its time: what got a name since then is needed as well.
    needed |= objects.reachable(_named(objects))
    _forget_bundles(objects, known, needed)
    swept = objects.sweep(needed)
    collected = collecting.sweep(opened, time.time())
    return Freed(swept.objects, swept.size_bytes, kept, young, results, dry_run=False, collected=collected)


def _needed(opened: OpenedProject, keep_runs: int) -> set[Digest]:
    objects, ledger = opened.store, opened.ledger
    runs = (objects.read_ref(f"run-bundles/{each.run}") for each in workflow.kept_runs(ledger, keep_runs))
    bundles = {Digest(ref.value["digest"]) for ref in runs if ref}
    waiting = set(tracking.Outbox(objects).needed())
    named = _named(objects, bundles)
    return objects.reachable(workflow.needed(ledger, keep_runs) | waiting | named)


def _named(objects: Store, bundles: Collection[Digest] = ()) -> set[Digest]:
    """Those bundles and all that have names, their judgements with their pages; what promotions were decided on."""
    whole = {*bundles, *(Digest(ref.value["digest"]) for ref in objects.read_refs("names/"))}
    whole |= {Digest(each) for each in releases.needed(objects)}
    whole.update(carried_project.needed(objects, clocks.awaited(objects)))
    promoted = (ref.value.get("judgement") for ref in objects.read_refs(f"{promotions.FOLDER}/"))
    judged = (judgements.needed(objects, bundle) for bundle in whole)
    return whole.union({Digest(each) for each in promoted if each}, *judged)


def _forget_verdicts(opened: OpenedProject, needed: Collection[str]) -> None:
    if any(opened.store.refs(f"{inspecting.VERDICTS}/")):
        from noteship.operations import checking

        shelf = inspecting.shelf_of(opened)
        checking.forget_others(opened, shelf.by_file.values() if shelf else (), needed)


def _forget_bundles(objects: Store, known: Collection[str], needed: Collection[str]) -> None:
    """A bundle that is not kept has no name any more, so that it is made again rather than found damaged."""
    refs = (ref for prefix in BUNDLES for ref in objects.read_refs(prefix) if ref.name in known)
    free = [ref.name for ref in refs if ref.value["digest"] not in needed]
    judged = [name for name in known if name.startswith(JUDGEMENTS) and name.split("/")[1] not in needed]
    for name in (*free, *judged):
        objects.delete_ref(name)
