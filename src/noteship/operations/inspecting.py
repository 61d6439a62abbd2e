"""What looks at a stage's inputs before it reads them: the project's contracts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noteship import digests, patterns, workflow
from noteship.errors import WorkFailed
from noteship.nearest import nearest
from noteship.operations.errors import NoContractFolder
from noteship.operations.opened import OpenedProject
from noteship.store import Artifact

if TYPE_CHECKING:
    from noteship.contracts import Contract, ContractBroken, Shelf
    from noteship.operations.checking import Piece

__all__ = ["VERDICTS", "ContractInspector", "Unread", "folder_of", "inspector_of", "shelf_of"]

# Where verdicts are kept; see checking.
VERDICTS = "contract-verdicts"

# As workflow writes the digest of a file that is not there.
ABSENT = "absent"


def shelf_of(opened: OpenedProject) -> Shelf | None:
    """The project's contracts; None, and nothing of them loaded, where it has no such folder.

    Raises NoContractFolder, and what `contracts.load` raises.
    """
    folder = folder_of(opened)
    if not (opened.root / folder).is_dir():
        return None
    from noteship import contracts

    return contracts.load(opened.root, folder, opened.settings.monitor.leave_out) or None


def folder_of(opened: OpenedProject) -> str:
    """The folder of contracts, which need not be there where nobody named it. Raises: NoContractFolder."""
    named = opened.settings.contracts
    if named.is_named and not (opened.root / named.folder).is_dir():
        folders = sorted(each.name for each in opened.root.iterdir() if each.is_dir())
        raise NoContractFolder(named.folder, nearest(named.folder, folders))
    return named.folder


def inspector_of(opened: OpenedProject) -> ContractInspector | None:
    """The inspector of a run; None where the project has no contract.

    Raises NoContractFolder, and what `contracts.load` raises.
    """
    shelf = shelf_of(opened)
    return ContractInspector(opened, shelf) if shelf else None


@dataclass(frozen=True)
class Unread:
    """What is to be said of files that no stage has read."""

    notes: tuple[str, ...] = ()
    breaches: tuple[WorkFailed, ...] = ()


class ContractInspector:
    """Holds what a stage is about to read against its contract; each table once in a run."""

    def __init__(self, opened: OpenedProject, shelf: Shelf) -> None:
        # Stages are looked at in threads: what is made when it is first asked for, is asked for here.
        opened.store  # noqa: B018
        self._opened = opened
        self._shelf = shelf
        self._lock = threading.Lock()
        self._told: dict[tuple[str, tuple[Piece, ...]], ContractBroken | None] = {}

    def concerns(self, reads: Mapping[str, str]) -> bool:
        """Whether any of these files has a contract."""
        return bool(self._shelf.concerned(reads))

    def __call__(
        self, stage: workflow.Stage, resolved: workflow.Resolved, cancel: threading.Event
    ) -> workflow.Inspection:
        """Look at all files with a contract that the stage reads.

        Raises ContractBroken, TableUnreadable, and what a check raises.
        """
        notices: list[str] = []
        for contract in self._shelf.concerned(resolved.parts.reads):
            if not cancel.is_set() and _reads_all(stage, contract, resolved.parts.reads):
                notices += self.look(contract, resolved.parts.reads, resolved.inputs, resolved.makers)
        return workflow.Inspection(tuple(notices))

    def look(
        self,
        contract: Contract,
        files: Mapping[str, str],
        artifacts: Mapping[str, Artifact],
        makers: Mapping[str, str],
    ) -> tuple[str, ...]:
        """What is to be noted of a file with a contract, the first time. Raises ContractBroken, each time."""
        from noteship import contracts
        from noteship.operations import checking

        there = {path: digest for path, digest in files.items() if digest != ABSENT}
        pieces = checking.pieces_of(contract, there, artifacts)
        if not pieces:
            return ()
        notes: tuple[str, ...] = ()
        with self._lock:
            if (contract.file, pieces) not in self._told:
                maker = ", ".join(sorted({makers[each.path] for each in pieces if each.path in makers}))
                verdict = checking.checked(self._opened, contract, pieces)
                self._told[contract.file, pieces] = contracts.broken(verdict, contract, maker)
                notes = contracts.warnings(verdict, contract, maker)
            error = self._told[contract.file, pieces]
        if error:
            raise error
        return notes

    def look_at_unread(self, result: workflow.RunResult) -> Unread:
        """Look at what was made, or is the service's data, and no stage has read."""
        notes: list[str] = []
        breaches: list[WorkFailed] = []
        for maker, files, artifacts in self._unread(result):
            makers = dict.fromkeys(files, maker) if maker else {}
            for contract in self._shelf.concerned(files):
                told = {piece.path for file, pieces in self._told if file == contract.file for piece in pieces}
                rest = {path: digest for path, digest in files.items() if path not in told}
                try:
                    notes += self.look(contract, rest, artifacts, makers)
                except WorkFailed as error:
                    breaches.append(error)
        if result.state == "done" and not result.graph.source.targets:
            notes += self._in_vain()
        return Unread(tuple(notes), tuple(breaches))

    def _in_vain(self) -> Iterator[str]:
        """Contracts of files that there are not: most likely they are called otherwise."""
        seen = [piece.path for _, pieces in self._told for piece in pieces]
        for file, contract in self._shelf.by_file.items():
            if not self._shelf.only(file).concerned(seen) and not (self._opened.root / file).exists():
                near = nearest(file, [*seen, *(path for path in self._opened.sources.files if path not in seen)])
                meant = f" (nearest: {near})" if near else ""
                yield f"{contract.path} is of {file}, which is not there, and no stage makes it{meant}"

    def _unread(self, result: workflow.RunResult) -> Iterator[tuple[str, Mapping[str, str], Mapping[str, Artifact]]]:
        """What may be read by nobody: the maker, digests, artifacts."""
        for maker, made in result.results.items():
            yield maker, {path: each.digest for path, each in made.outputs.items()}, made.outputs
        service = self._opened.settings.service
        if service and (self._opened.root / service.data).is_file():
            yield "", {service.data: digests.of_file(self._opened.root / service.data)}, {}


def _reads_all(stage: workflow.Stage, contract: Contract, reads: Mapping[str, str]) -> bool:
    """Whether the stage reads the whole of a table, and not some parts of a folder that has a contract as a whole."""
    if contract.file in reads:
        return True
    folders = (read for read in stage.reads if contract.file == read or contract.file.startswith(f"{read}/"))
    return any(folders) or any(patterns.is_pattern(read) for read in stage.reads)
