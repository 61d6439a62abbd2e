"""Contracts held against artifacts and files of a project; what came of it is kept by the digests of both.

References, of plain values:

- ``contract-verdicts/CONTRACT-DATA``: the verdict, where CONTRACT is the digest of the contract and DATA that of the
  file, or of a list of the paths and digests of a folder's files. Freshness is not in it, as it depends on the clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from noteship import contracts, digests, store, tabular, temporary, workflow
from noteship.contracts import Contract, Verdict
from noteship.operations.inspecting import VERDICTS
from noteship.operations.opened import OpenedProject
from noteship.store import Artifact

__all__ = ["FOLDER", "Piece", "checked", "forget_others", "pieces_of"]

FOLDER = VERDICTS


@dataclass(frozen=True)
class Piece:
    """A file that is a part of a table, or the whole of it: path in the project, digest, and artifact if any."""

    path: str
    digest: str
    artifact: Artifact | None = None


def pieces_of(contract: Contract, files: Mapping[str, str], artifacts: Mapping[str, Artifact]) -> tuple[Piece, ...]:
    """What of some files, by path and digest, a contract is about: the file, what is in the folder, what holds it."""
    whole = [path for path in files if path == contract.file or contract.file.startswith(f"{path}/")]
    within = [path for path in files if path.startswith(f"{contract.file}/") and tabular.form_of(path)]
    found = whole or within
    return tuple(Piece(path, files[path], artifacts.get(path)) for path in sorted(found))


def checked(opened: OpenedProject, contract: Contract, pieces: Sequence[Piece]) -> Verdict:
    """The verdict on a file with these pieces, as it is now.

    Of what is to be collected, no rule is looked at while there are no rows. Raises: TableUnreadable, RulesContradict,
    TableNeedsMemory, and what the store raises.
    """
    name = f"{FOLDER}/{contract.digest}-{_digest(pieces)}"
    verdict = _kept(opened.store, name)
    if verdict is None:
        with _materialised(opened, contract, pieces) as (source, is_certain):
            try:
                verdict = contracts.check(source, contract)
            except (tabular.NotATable, tabular.TableUnreadable) as error:
                # Where it was read from may be a copy with another name.
                raise tabular.TableUnreadable(contract.file, error.reason) from error
        if is_certain:
            # Somebody else may have written the same meanwhile.
            with suppress(store.errors.RefMoved):
                opened.store.write_ref(name, verdict.to_json(), expected=None)
    verdict = contracts.with_freshness(verdict, contract, datetime.now(UTC))
    return verdict.unchecked() if not verdict.rows and _is_collected(opened, contract.file) else verdict


def _is_collected(opened: OpenedProject, file: str) -> bool:
    return any(each.target == file and each.address.kind == "collected" for each in opened.data_sources.values())


def forget_others(opened: OpenedProject, current: Iterable[Contract], kept: Collection[str]) -> None:
    """Forget the verdicts by other contracts than these, and on other data than what is kept or lies in the project.

    They hold examples of rows, which are to go with the data. Who brings a contract or the data back has them looked at
    again.
    """
    there = [name.removeprefix(f"{FOLDER}/") for name in opened.store.refs(f"{FOLDER}/")]
    with workflow.FileDigests(opened.root, opened.workplace.digests_cache) as known:
        here = {str(contract.digest): _digests_here(opened.root, contract.file, known) for contract in current}
    for name in there:
        contract, _, data = name.partition("-")
        if contract not in here or (data not in kept and data not in here[contract]):
            opened.store.delete_ref(f"{FOLDER}/{name}")


def _digests_here(root: Path, file: str, known: workflow.FileDigests) -> set[str]:
    """Those that a table can have as it lies in the project: of the file, what holds it, what is in it."""
    parents = [str(each) for each in PurePosixPath(file).parents if str(each) != "."]
    found = {str(digest) for path in (file, *parents) if (digest := known.of(path))}
    within = sorted(each.relative_to(root).as_posix() for each in (root / file).rglob("*") if each.is_file())
    pieces = [Piece(path, str(known.of(path))) for path in within if tabular.form_of(path)]
    return {*found, *([_digest(pieces)] if pieces else [])}


def _digest(pieces: Sequence[Piece]) -> str:
    if len(pieces) == 1:
        return pieces[0].digest
    return digests.of_value([[each.path, each.digest] for each in pieces])


def _kept(objects: store.Store, name: str) -> Verdict | None:
    """What is remembered, if it is sound: others write to a store, too."""
    try:
        ref = objects.read_ref(name)
        return Verdict.from_json(ref.value) if ref else None
    except (store.errors.DamagedReference, AttributeError, KeyError, TypeError, ValueError):
        return None


@contextmanager
def _materialised(opened: OpenedProject, contract: Contract, pieces: Sequence[Piece]) -> Iterator[tuple[Path, bool]]:
    """Where the table can be read, and whether it is certainly the one with these digests.

    The project's own files are read where they lie, if they are still the same; else the store gives them.
    """
    own = opened.root / contract.file
    if all(_is_there(opened.root / each.path, each) for each in pieces) and _has_just(own, opened.root, pieces):
        yield own, True
        return
    if any(each.artifact is None for each in pieces):
        # Somebody is changing it: what is there now is looked at, and nothing is remembered.
        yield own, False
        return
    with temporary.folder() as folder:
        for each in pieces:
            assert each.artifact is not None
            (folder / each.path).parent.mkdir(parents=True, exist_ok=True)
            opened.store.fetch_artifact(each.artifact, folder / each.path)
        yield folder / contract.file, True


def _is_there(path: Path, piece: Piece) -> bool:
    try:
        if path.is_dir():
            return store.folder_digest(path) == piece.digest
        return digests.of_file(path) == piece.digest
    except OSError:
        return False


def _has_just(own: Path, root: Path, pieces: Sequence[Piece]) -> bool:
    """Whether a folder holds these files of a table, and no other."""
    if not own.is_dir() or [each.path for each in pieces] == [own.relative_to(root).as_posix()]:
        return True
    there = {path.relative_to(root).as_posix() for path in own.rglob("*") if tabular.form_of(path)}
    return there == {each.path for each in pieces}
