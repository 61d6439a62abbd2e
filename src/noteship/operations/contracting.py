"""`noteship data infer`: contracts made of what a good run has left."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from noteship import contracts, files, tabular
from noteship.contracts import Contract, Inferred, Shelf
from noteship.operations import survey
from noteship.operations.checking import checked
from noteship.operations.errors import NothingToContract
from noteship.operations.opened import OpenedProject
from noteship.operations.tables import MadeTable, in_project, lying, made_tables, readable

__all__ = ["InferRequest", "Written", "infer"]

# A file of figures, such as metrics.json, has one row, and what is to be of it a gate says better.
LEAST_ROWS = 2
# A contract of more columns nobody reads, and features by the thousand are better held in what they are made of.
# Nor are so many looked at for problems, which takes longer than all the rest.
MOST_COLUMNS = 300


@dataclass(frozen=True)
class InferRequest:
    """Which files; `again` takes also those with a contract, `replace` also those whose was changed by hand."""

    files: Sequence[str] = ()
    again: bool = False
    replace: bool = False


@dataclass(frozen=True)
class Written:
    """What became of one file's contract.

    `state`: "written" anew; "there" already, and left alone; the "same", inferred again; "rewritten"; "by hand": it was
    changed since it was inferred, and is left as it is; "broken": so it is, since the file breaks it, as `why` says;
    "passed over", for the reason `why`: it has no rows, or a stage made it, and it is hardly a table. `diff` shows what
    inferring again changes or would change. So many rows are `unlabelled`: they have no value of the declared target.
    Of a file whose contract was written, `problems` are the kinds of those that are found in it, and are rules now.
    """

    file: str
    path: str
    state: Literal["written", "there", "same", "rewritten", "by hand", "broken", "passed over"]
    diff: tuple[str, ...] = ()
    maker: str = ""
    why: str = ""
    unlabelled: int = 0
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {**vars(self), "diff": list(self.diff), "problems": list(self.problems)}


def infer(opened: OpenedProject, request: InferRequest, say: Callable[[str], None]) -> tuple[Written, ...]:
    """Write a contract for each of the files, by default for each table that a stage made.

    Raises NothingToContract, OutsideOfProject, what wrong contracts raise, and what reading tables raises.
    """
    shelf = contracts.load(opened.root, opened.settings.contracts.folder)
    made = made_tables(opened)
    wanted = [in_project(opened, file) for file in request.files] or list(made)
    if not wanted:
        raise NothingToContract(len(opened.sources.stages))
    found = []
    for file in dict.fromkeys(wanted):
        old = shelf.of(file)
        maker = made[file].maker if file in made else ""
        if old and not request.again and not request.replace:
            found.append(Written(file, old.path, "there", maker=maker))
            continue
        say(f"looking at {file}")
        new = _inferred(opened, file, made, is_named=bool(request.files), is_known=old is not None)
        if isinstance(new, str):
            found.append(Written(file, old.path if old else "", "passed over", maker=maker, why=new))
            continue
        breach = _breach(opened, old, made) if old and not request.replace else ""
        put = _put(opened, old, new, shelf, request, maker, breach)
        is_looked_at = put.state in ("written", "rewritten") and len(new.contract.columns) <= MOST_COLUMNS
        problems = _problems(opened, file, say) if is_looked_at else ()
        found.append(dataclasses.replace(put, unlabelled=0 if breach else new.unlabelled, problems=problems))
        shelf = contracts.load(opened.root, opened.settings.contracts.folder)
    return tuple(found)


def _inferred(
    opened: OpenedProject, file: str, made: Mapping[str, MadeTable], *, is_named: bool, is_known: bool
) -> Inferred | str:
    """What a file suggests; or why it gets no contract, where nobody asked for one, or none can be learned from it."""
    is_wanted = is_named or is_known
    target = opened.settings.service.target if opened.settings.service else None
    try:
        with _table(opened, file, made) as table:
            if len(table.columns) > MOST_COLUMNS and not is_wanted:
                return f"its {len(table.columns):,} columns are more than a contract is read for; named, it gets one"
            new = contracts.infer(table, file, opened.settings.monitor.leave_out, target)
    except tabular.TableUnreadable as error:
        if is_named:
            raise
        return error.reason
    if not new.rows:
        return "it has no rows"
    return new if new.rows >= LEAST_ROWS or is_wanted else f"it has {new.rows} row"


@contextmanager
def _table(opened: OpenedProject, file: str, made: Mapping[str, MadeTable]) -> Iterator[tabular.Table]:
    with readable(opened, file, made) as place:
        try:
            with tabular.opened(place) as table:
                yield table
        except (tabular.TableUnreadable, tabular.NotATable) as error:
            # It may be a copy with another name that was read.
            raise dataclasses.replace(error, path=file) from error


def _problems(opened: OpenedProject, file: str, say: Callable[[str], None]) -> tuple[str, ...]:
    """The kinds of problems in a file; none where it lacks a column that was named for it, or the machine memory."""
    try:
        return tuple(each.kind for each in survey.problems_of(opened, file, say))
    except (tabular.NoSuchColumn, tabular.TableNeedsMemory):
        return ()


def _breach(opened: OpenedProject, contract: Contract, made: Mapping[str, MadeTable]) -> str:
    """How a file breaks its contract, of which what is wrong with it would become a rule; empty where it does not.

    How old it is counts not: that is never inferred.
    """
    contract = contract.leaving_out(opened.settings.monitor.leave_out)
    verdict = checked(opened, contract, lying(opened, contract.file, made))
    broken = [each for each in verdict.broken("stop") if each.rule != "freshness"]
    more = f", and {len(broken) - 1} more rule{'s' * (len(broken) > 2)}" if len(broken) > 1 else ""
    return f"{broken[0].sentence()}{more}" if broken else ""


def _put(
    opened: OpenedProject,
    old: Contract | None,
    new: Inferred,
    shelf: Shelf,
    request: InferRequest,
    maker: str,
    breach: str,
) -> Written:
    folder = opened.settings.contracts.folder
    taken = [Path(each.path).name for each in shelf.by_file.values()]
    path = old.path if old else f"{folder}/{contracts.free_name(new.contract.file, taken)}"
    if old:
        new = contracts.keeping_decisions(new, old)
    text = contracts.written(new.contract, new.seen)
    # What could not be read would stop every verb that reads contracts: it is not written.
    contracts.read(path, text)
    if old is None:
        _write(opened, path, text)
        return Written(new.contract.file, path, "written", maker=maker)
    before = (opened.root / path).read_text(encoding="utf-8")
    if before == text:
        return Written(old.file, path, "same", maker=maker)
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), path, "inferred again", lineterm="", n=1)
    diff = tuple(line for line in lines if "as inferred: " not in line)
    if breach:
        return Written(old.file, path, "broken", diff, maker, breach)
    if contracts.is_as_inferred(before) or request.replace:
        _write(opened, path, text)
        return Written(old.file, path, "rewritten", diff, maker)
    return Written(old.file, path, "by hand", diff, maker)


def _write(opened: OpenedProject, path: str, text: str) -> None:
    place = opened.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    files.write(place, text.encode())
