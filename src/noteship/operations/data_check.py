"""`noteship data check` and `noteship data contract`: contracts held against files as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from noteship import contracts
from noteship.contracts import Contract, Verdict
from noteship.nearest import nearest
from noteship.operations.checking import checked
from noteship.operations.errors import NoContract
from noteship.operations.inspecting import folder_of
from noteship.operations.opened import OpenedProject
from noteship.operations.tables import MadeTable, in_project, lying, made_tables

__all__ = ["Checked", "check", "contracts_of"]


@dataclass(frozen=True)
class Checked:
    """What came of one file; no verdict where it is not there. `maker` is the stage that wrote it, if one did."""

    file: str
    contract: Contract
    verdict: Verdict | None
    maker: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the line goes on."""
        return self.verdict is not None and not self.verdict.broken("stop")

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        findings = self.verdict.to_json()["findings"] if self.verdict else []
        lines = [
            {
                **each,
                "line": self.contract.line(each["rule"]),
                "examples": [{**example, "values": dict(example["values"])} for example in each["examples"]],
            }
            for each in findings
        ]
        return {
            "file": self.file,
            "contract": self.contract.path,
            "state": "absent" if self.verdict is None else "kept" if self.is_good else "broken",
            "rows": self.verdict.rows if self.verdict else None,
            "maker": self.maker,
            "rules": lines,
        }


def contracts_of(opened: OpenedProject, files: Sequence[str]) -> tuple[Contract, ...]:
    """The contracts of these files, by default all.

    Raises NoContract, NoContractFolder, OutsideOfProject, and what wrong contracts raise.
    """
    folder = folder_of(opened)
    shelf = contracts.load(opened.root, folder, opened.settings.monitor.leave_out)
    wanted = [in_project(opened, file) for file in files] or list(shelf.by_file)
    if not wanted:
        raise NoContract("", "", folder)
    found = []
    for file in wanted:
        contract = shelf.of(file)
        if contract is None:
            raise NoContract(file, nearest(file, shelf.by_file), folder)
        found.append(contract)
    return tuple(found)


def check(
    opened: OpenedProject, files: Sequence[str], against: str | None, say: Callable[[str], None]
) -> tuple[Checked, ...]:
    """Hold files against their contracts, or against that of another file.

    Raises NoContract, NoContractFolder, OutsideOfProject, wrong contracts, and what reading tables raises.
    """
    if against is not None:
        contract = _contract_at(opened, against, say).leaving_out(opened.settings.monitor.leave_out)
        return tuple(_against(opened, file, contract, say) for file in files)
    found = []
    made = made_tables(opened)
    for contract in contracts_of(opened, files):
        pieces = lying(opened, contract.file, made)
        if not pieces:
            found.append(Checked(contract.file, contract, None))
            continue
        say(f"looking at {contract.file}")
        maker = _maker(contract, pieces[0].path, made)
        found.append(Checked(contract.file, contract, checked(opened, contract, pieces), maker))
    return tuple(found)


def _maker(contract: Contract, path: str, made: Mapping[str, MadeTable]) -> str:
    table = made.get(contract.file) or made.get(path)
    return table.maker if table else ""


def _against(opened: OpenedProject, file: str, contract: Contract, say: Callable[[str], None]) -> Checked:
    place = Path(file) if Path(file).exists() or Path(file).is_absolute() else opened.root / file
    say(f"looking at {file}")
    verdict = contracts.check(place, replace(contract, file=file))
    verdict = contracts.with_freshness(verdict, contract, datetime.now(UTC))
    return Checked(file, contract, verdict)


def _contract_at(opened: OpenedProject, against: str, say: Callable[[str], None]) -> Contract:
    """The contract in a file, that of a file, or one inferred from a file that has none."""
    place = Path(against) if Path(against).exists() else opened.root / against
    if place.suffix == ".toml":
        return contracts.read_file(place, against)
    shelf = contracts.load(opened.root, folder_of(opened))
    root = opened.root.resolve()
    known = place.resolve()
    own = shelf.of(known.relative_to(root).as_posix()) if known.is_relative_to(root) else None
    if own:
        return own
    say(f"looking at {against}")
    inferred = contracts.infer(place, against, opened.settings.monitor.leave_out)
    return replace(inferred.contract, path=f"inferred from {against}")
