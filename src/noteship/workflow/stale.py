"""What earlier runs left in the project's folder, and no stage writes any more: it is nobody's input."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from noteship.workflow.delivered import Delivered
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.ledger import Ledger
from noteship.workflow.origins import originals
from noteship.workflow.resolving import covers
from noteship.workflow.stages import Stage
from noteship.workflow.workplace import digests_cache
from noteship.workflow.write_index import WriteIndex

__all__ = ["stale_files"]


def stale_files(
    root: Path, stages: Iterable[Stage], files: Collection[str], ledger: Ledger, unread: Collection[str] = ()
) -> dict[str, str]:
    """The files that have the bytes noteship put there and that no stage writes now, each with who made it last.

    Not among them are the user's own files that a stage changed in place, what the stages `unread` made, whose source
    does not say now what they write, and what a stage was not seen to write by its source and yet wrote in its last
    run. Cost: where there is nothing of the kind, one file is read.
    """
    by_name = {stage.name: stage for stage in stages}
    written = WriteIndex(write for stage in by_name.values() for write in stage.writes)
    delivered, own = Delivered(root), originals(root)
    found = {
        path: maker
        for path, maker in delivered.makers.items()
        if path in files and path not in own and maker not in unread and not written.matches(path)
    }
    if not found:
        return {}
    with FileDigests(root, digests_cache(root)) as digests:
        found = {path: maker for path, maker in found.items() if delivered.has(path, digests.of(path) or "")}
    return _abandoned(found, by_name, ledger)


def _abandoned(found: Mapping[str, str], stages: Mapping[str, Stage], ledger: Ledger) -> dict[str, str]:
    """Without what a stage's present code made, as its last result shows."""
    last = ledger.last_results({maker for maker in found.values() if maker in stages})
    made = {name: result.outputs for name, result in last.items() if result.parts.code == stages[name].code}
    return {path: maker for path, maker in found.items() if not covers(path, made.get(maker, {}))}
