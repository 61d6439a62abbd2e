"""Files above the project, columns that are left out everywhere, and contracts that would not be readable."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship.operations import contracting, data_check, survey
from noteship.operations.contracting import InferRequest
from noteship.operations.errors import NoContractFolder, OutsideOfProject
from noteship.operations.inspecting import inspector_of
from noteship.operations.opened import OpenedProject
from noteship.operations.tables import in_project
from noteship.tabular import NoSuchColumn

ROWS = "id,code,ssn\n" + "".join(f"{each},{each},{100_000_000 + each}\n" for each in range(40))


@pytest.fixture
def opened(tmp_path: Path) -> OpenedProject:
    """A project with one table, and one of the same name above it."""
    root = tmp_path / "project"
    (root / "contracts").mkdir(parents=True)
    (root / "a.csv").write_text(ROWS)
    (tmp_path / "a.csv").write_text(ROWS)
    return OpenedProject.at(root)


def test_files_above_the_project(opened: OpenedProject) -> None:
    """A file above the project is none of it, also where the project has one of that name."""
    with pytest.raises(OutsideOfProject):
        in_project(opened, str(opened.root / "../a.csv"))
    assert in_project(opened, str(opened.root / "x/../a.csv")) == "a.csv"


def test_what_is_inferred_again_can_be_read(opened: OpenedProject) -> None:
    """Rules by hand that no longer fit the data do not make a contract that stops every verb."""
    place = opened.root / "contracts/a.toml"
    place.write_text('file = "a.csv"\n[columns.id]\noptional = true\n[columns.code]\npattern = "[A-Z]+"\n')
    for _ in range(2):
        contracting.infer(opened, InferRequest(["a.csv"], replace=True), print)
    (checked,) = data_check.check(opened, ["a.csv"], None, print)
    assert checked.is_good and "pattern" not in place.read_text()


def test_what_the_declaration_leaves_out_is_not_shown(opened: OpenedProject) -> None:
    """Columns that are left out later than the contract was made appear in no example either."""
    (opened.root / "contracts/a.toml").write_text('file = "a.csv"\n[columns.ssn]\nrange = [0, 1]\n')
    (opened.root / "noteship.toml").write_text('[monitor]\nleave_out = ["ssn"]\n')
    (checked,) = data_check.check(OpenedProject.at(opened.root), ["a.csv"], None, print)
    (bad,) = [each for each in checked.verdict.findings if each.is_broken]  # type: ignore[union-attr]
    assert bad.examples and all(dict(each.values).keys() == {"id", "code"} for each in bad.examples)


def test_columns_to_leave_out_are_there(opened: OpenedProject) -> None:
    """A name that no column has leaves nothing out, and is an error."""
    with pytest.raises(NoSuchColumn, match="Code"):
        survey.show(opened, survey.Asking("a.csv", leave_out=("Code",)), None, print)


def test_a_folder_of_contracts_that_is_not_there(opened: OpenedProject) -> None:
    """A folder that is named wrongly does not switch contracts off, or what they leave out; inferring makes it."""
    (opened.root / "noteship.toml").write_text('[contracts]\nfolder = "contract"\n')
    misled = OpenedProject.at(opened.root)
    for call in (
        lambda: inspector_of(misled),
        lambda: data_check.check(misled, [], None, print),
        lambda: survey.show(misled, survey.Asking("a.csv"), None, print),
    ):
        with pytest.raises(NoContractFolder, match="no folder contract") as caught:
            call()
        assert caught.value.near == "contracts"
    contracting.infer(misled, InferRequest(["a.csv"]), print)
    assert inspector_of(misled) is not None
