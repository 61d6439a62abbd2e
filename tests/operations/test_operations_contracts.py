"""Contracts in runs: what breaks one does not reach the stages that read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from noteship import contracts, digests, store, workflow
from noteship.operations import checking, contracting, data_check
from noteship.operations.contracting import InferRequest
from noteship.operations.errors import NoContract, NothingToContract, OutsideOfProject
from noteship.operations.explain import explain_all
from noteship.operations.gc import gc
from noteship.operations.inspecting import Unread, inspector_of, shelf_of
from noteship.operations.opened import OpenedProject
from noteship.workflow.functions import Desk, FunctionExecutor

GOOD = "id,age\n" + "".join(f"{number},{20 + number % 50}\n" for number in range(100))
BAD = GOOD.replace("\n7,27\n", "\n7,-4\n")
CONTRACT = 'file = "clean.csv"\n[columns.age]\ntype = "whole"\nrange = [0, 120]\n'


class Line:
    """A project of three stages, of which the first reads `raw.csv`, and the last is read by none."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: list[str] = []
        (root / "raw.csv").write_text(GOOD)
        self.texts = {"clean": GOOD, "train": GOOD}

    def contract(self, text: str, name: str = "clean") -> None:
        (self.root / "contracts").mkdir(exist_ok=True)
        (self.root / f"contracts/{name}.toml").write_text(text)

    @property
    def opened(self) -> OpenedProject:
        return OpenedProject.at(self.root)

    def stages(self) -> dict[str, tuple[str, str, Callable[[Desk], None]]]:
        return {
            "01-clean": ("raw.csv", "clean.csv", lambda desk: desk.write("clean.csv", self.texts["clean"].encode())),
            "02-train": ("clean.csv", "scores.csv", lambda desk: desk.write("scores.csv", desk.read("clean.csv"))),
        }

    def run(self) -> tuple[workflow.RunResult, Unread, list[str]]:
        opened = self.opened
        stages = [
            workflow.Stage(name, f"{name}.py", digests.of_value([name, self.texts]), (reads,), (writes,))
            for name, (reads, writes, _) in self.stages().items()
        ]
        graph = workflow.graph_of(stages, ["raw.csv"], opened.ledger, {})
        functions = {name: function for name, (_, _, function) in self.stages().items()}
        made = {"clean.csv", "scores.csv"}
        executor = FunctionExecutor(self.root, opened.store, functions, lambda path: path in made)
        place = workflow.Workplace(self.root, opened.store, workflow.Environment("e1", {}, "3.11"))
        inspector = inspector_of(opened)
        beside = workflow.Beside(inspector) if inspector else None
        result = workflow.run(graph, executor, place, workflow.Options(1), beside=beside)
        return result, inspector.look_at_unread(result) if inspector else Unread(), executor.executed


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def states(result: workflow.RunResult) -> list[str]:
    return [result.stages[name].state for name in sorted(result.stages)]


def test_a_breach_stops_the_line(line: Line) -> None:
    """A stage does not read what breaks its contract; the failure names rule, row, line and the stage that wrote it."""
    line.contract(CONTRACT)
    line.texts["clean"] = BAD
    result, _, executed = line.run()
    assert states(result) == ["executed", "failed"]
    assert executed == ["01-clean"]
    failure = result.stages["02-train"].failure
    assert failure and failure.kind == "data"
    assert failure.message == "clean.csv breaks its contract: age: 1 of 100 rows is not from 0 to 120"
    assert failure.where == "contracts/clean.toml, line 4; the file was written by stage 01-clean"
    assert "row 7: age = -4, id = 7" in failure.nearest
    assert "noteship data show clean.csv" in failure.remedy


def test_reused_stages_are_checked_too(line: Line) -> None:
    """A contract that was tightened counts also for what is known already."""
    line.contract(CONTRACT)
    assert states(line.run()[0]) == ["executed", "executed"]
    assert states(line.run()[0]) == ["reused", "reused"]
    line.contract(CONTRACT.replace("120", "60"))
    assert states(line.run()[0]) == ["reused", "failed"]
    line.contract(CONTRACT)
    assert states(line.run()[0]) == ["reused", "reused"]


def test_verdicts_are_kept(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same data under the same contract are looked at once; other lines or comments are the same contract."""
    line.contract(CONTRACT)
    line.run()
    (kept,) = line.opened.store.refs(f"{checking.FOLDER}/")

    def never(*_: object) -> None:
        raise AssertionError("looked at again")

    monkeypatch.setattr(contracts, "check", never)
    line.contract(f"# why\n\n{CONTRACT}")
    assert states(line.run()[0]) == ["reused", "reused"]
    ref = line.opened.store.read_ref(kept)
    assert ref
    line.opened.store.write_ref(kept, {"nonsense": True}, expected=ref)
    with pytest.raises(AssertionError, match="looked at again"):
        line.run()


def test_a_warning_does_not_stop(line: Line) -> None:
    """A rule that only warns is told once, and all stages run."""
    line.contract(f'severity = "warn"\n{CONTRACT}')
    line.texts["clean"] = BAD
    result, _, _ = line.run()
    assert states(result) == ["executed", "executed"]
    (note,) = result.notices
    assert note == (
        "clean.csv: age: 1 of 100 rows is not from 0 to 120, contracts/clean.toml, line 5; written by 01-clean"
    )


def test_what_nobody_reads_is_looked_at(line: Line) -> None:
    """A file that no stage reads is checked when all is made; the breach is the run's."""
    line.contract(CONTRACT.replace("clean.csv", "scores.csv"))
    line.texts["clean"] = BAD
    result, unread, _ = line.run()
    assert states(result) == ["executed", "executed"]
    (breach,) = unread.breaches
    assert isinstance(breach, contracts.ContractBroken)
    assert breach.maker == "02-train"


def test_the_projects_own_files(line: Line) -> None:
    """A file of the project that no stage makes is checked before the stage that reads it."""
    line.contract(CONTRACT.replace("clean.csv", "raw.csv"))
    assert states(line.run()[0]) == ["executed", "executed"]
    (line.root / "raw.csv").write_text(BAD)
    result, _, executed = line.run()
    assert states(result) == ["failed", "blocked"]
    assert not executed
    failure = result.stages["01-clean"].failure
    assert failure and "not written by a stage" in failure.where


def test_an_artifact_that_is_not_in_the_folder(line: Line) -> None:
    """What is looked at is what the stage will read, and not what lies in the folder in its place."""
    line.contract(CONTRACT)
    line.run()
    opened = line.opened
    artifact = store.Artifact(opened.store.put_bytes(BAD.encode()), "file", len(BAD))
    contract = contracts.load(line.root, "contracts").by_file["clean.csv"]
    pieces = checking.pieces_of(contract, {"clean.csv": artifact.digest}, {"clean.csv": artifact})
    assert contracts.broken(checking.checked(opened, contract, pieces), contract)


def test_a_folder_is_one_table(line: Line) -> None:
    """A contract of a folder is of all files in it together."""
    opened = line.opened
    contract = contracts.read("c.toml", 'file = "parts"\nrows = [200, 200]\n')
    files = {f"parts/{name}.csv": opened.store.put_bytes(GOOD.encode()) for name in ("a", "b")}
    artifacts = {path: store.Artifact(digest, "file", len(GOOD)) for path, digest in files.items()}
    pieces = checking.pieces_of(contract, {**files, "other.csv": "1" * 64}, artifacts)
    assert [piece.path for piece in pieces] == ["parts/a.csv", "parts/b.csv"]
    assert not checking.checked(opened, contract, pieces).broken("stop")
    assert checking.checked(opened, contract, pieces[:1]).broken("stop")


class FolderLine(Line):
    """A project whose first stage writes a folder of two files, of which the second stage reads some."""

    reads = "parts/a.csv"

    def stages(self) -> dict[str, tuple[str, str, Callable[[Desk], None]]]:
        return {
            "01-clean": ("raw.csv", "parts", self.clean),
            "02-train": (self.reads, "scores.csv", lambda desk: desk.reads.append(self.reads)),
        }

    def clean(self, desk: Desk) -> None:
        for name in ("a", "b"):
            (self.root / "made").mkdir(exist_ok=True)
            (self.root / f"made/{name}.csv").write_text(self.texts[name])
        desk.outputs["parts"] = self.opened.store.put_artifact(self.root / "made")


@pytest.mark.parametrize("bad", ["a", "b"])
@pytest.mark.parametrize("reads", ["parts", "parts/a.csv", "parts/b.csv"])
def test_contracts_of_files_in_one_folder(tmp_path: Path, reads: str, bad: str) -> None:
    """Each file is held against its own contract: only who reads the bad one fails, and the run tells of it once."""
    line = FolderLine(tmp_path)
    line.reads = reads
    line.texts = {"a": GOOD, "b": GOOD, bad: BAD}
    for name in ("a", "b"):
        line.contract(CONTRACT.replace("clean.csv", f"parts/{name}.csv"), name)
    result, unread, _ = line.run()
    failure = result.stages["02-train"].failure
    breaches = [failure.message] if failure else [str(each) for each in unread.breaches]
    assert bool(failure) == (reads in ("parts", f"parts/{bad}.csv"))
    assert len(breaches) == 1
    assert breaches[0].startswith(f"parts/{bad}.csv breaks its contract")


def test_unreadable_data_fail_the_stage(line: Line) -> None:
    """Data that are none fail the stage that would read them, by the name that the project has for them."""
    line.contract(CONTRACT)
    line.texts["clean"] = "id,age\n1,2\n3\n"
    result, _, _ = line.run()
    failure = result.stages["02-train"].failure
    assert failure and failure.kind == "data"
    assert failure.message == "clean.csv cannot be read as a table: line 3: expected 2 fields, found 1"


def test_a_wrong_contract_is_told_before_anything_runs(line: Line) -> None:
    """A contradiction is an error before the first stage."""
    line.contract(CONTRACT.replace("[0, 120]", "[120, 0]"))
    with pytest.raises(contracts.RulesContradict):
        line.run()
    assert not list(line.opened.store.refs("results/"))
    with pytest.raises(contracts.RulesContradict):
        explain_all(line.opened)


def test_a_contract_of_nothing_is_told(line: Line) -> None:
    """A contract of a file that there is not, as one that is misspelt, is told with what is nearest."""
    line.contract(CONTRACT.replace("clean.csv", "claen.csv"))
    _, unread, _ = line.run()
    (note,) = unread.notes
    assert (
        note == "contracts/clean.toml is of claen.csv, which is not there, and no stage makes it (nearest: clean.csv)"
    )


@pytest.mark.slow
def test_verdicts_by_other_contracts_are_freed(line: Line) -> None:
    """gc forgets verdicts by contracts that are not there any more."""
    line.contract(CONTRACT)
    line.run()
    gc(line.opened, 10, dry_run=False)
    assert list(line.opened.store.refs(f"{checking.FOLDER}/"))
    line.contract(CONTRACT.replace("120", "130"))
    gc(line.opened, 10, dry_run=False)
    assert not list(line.opened.store.refs(f"{checking.FOLDER}/"))


def test_a_project_without_contracts(line: Line) -> None:
    """Without a folder of contracts, there is no inspector, and none of it is loaded."""
    assert shelf_of(line.opened) is None
    (line.root / "contracts").mkdir()
    assert inspector_of(line.opened) is None


# Inferring, and checking by hand.


def infer(line: Line, *files: str, again: bool = False, replace: bool = False) -> tuple[contracting.Written, ...]:
    return contracting.infer(line.opened, InferRequest(files, again, replace), line.said.append)


@pytest.mark.slow
def test_infer_and_again(line: Line) -> None:
    """A contract is written once, inferred again where nobody changed it, and else shown; --replace writes it."""
    (written,) = infer(line, "raw.csv")
    assert (written.state, written.path) == ("written", "contracts/raw.toml")
    assert infer(line, "raw.csv")[0].state == "there"
    assert infer(line, "raw.csv", again=True)[0].state == "same"
    (line.root / "raw.csv").write_text(GOOD.replace("\n9,29", "\n9,71"))
    (rewritten,) = infer(line, "raw.csv", again=True)
    assert rewritten.state == "rewritten"
    path = line.root / "contracts/raw.toml"
    head, age, tail = path.read_text().partition("[columns.age]")
    found, line_end = tail.partition("missing = ")[2].splitlines()[0].split(" ", 1)
    text = head + age + tail.replace(f"missing = {found} {line_end}", f"missing = 0.5 {line_end}", 1)
    path.write_text(text.replace('severity = "stop"', 'severity = "warn"'))
    (left,) = infer(line, "raw.csv", again=True)
    assert left.state == "by hand"
    assert f"-missing = 0.5 {line_end}" in left.diff and f"+missing = {found} {line_end}" in left.diff
    assert "missing = 0.5" in path.read_text()
    (replaced,) = infer(line, "raw.csv", replace=True)
    assert replaced.state == "rewritten"
    assert "missing = 0.5" not in path.read_text()
    assert 'severity = "warn"' in path.read_text()


def test_a_breach_is_no_rule(line: Line) -> None:
    """A contract that its file breaks is inferred of it with --replace alone; that a file is old is no such breach."""
    infer(line, "raw.csv")
    (line.root / "raw.csv").write_text(GOOD.replace("id,age", "id,years"))
    (left,) = infer(line, "raw.csv", again=True)
    assert (left.state, left.why) == ("broken", "there is no column age; the contract does not have years")
    assert "-[columns.age]" in left.diff and "+[columns.years]" in left.diff
    path = line.root / "contracts/raw.toml"
    assert "[columns.age]" in path.read_text()
    (replaced,) = infer(line, "raw.csv", again=True, replace=True)
    assert (replaced.state, replaced.why) == ("rewritten", "")
    assert "[columns.years]" in path.read_text()
    (line.root / "raw.csv").write_text(GOOD.replace("age", "day").replace(",2", ",1999-12-2"))
    path.write_text('file = "raw.csv"\nfreshness = { column = "day", most = "1d" }\n[columns.day]\n')
    assert infer(line, "raw.csv", again=True)[0].state == "by hand"


def test_the_targets_of_a_service_are_never_missing(line: Line) -> None:
    """Where each row has the declared target, each must have it; where some have none, that is told."""
    (line.root / "noteship.toml").write_text(
        '[service]\nsteps = ["a.joblib"]\ndata = "raw.csv"\ninputs = ["size"]\ntarget = "age"\n'
    )
    text = GOOD.replace("id,age", "size,age")
    (line.root / "raw.csv").write_text(text)
    assert infer(line, "raw.csv")[0].unlabelled == 0
    path = line.root / "contracts/raw.toml"
    assert "missing = 0  # none of 100 seen" in path.read_text()
    (line.root / "raw.csv").write_text(text.replace("\n7,27", "\n7,"))
    assert infer(line, "raw.csv", again=True)[0].unlabelled == 0
    assert infer(line, "raw.csv", replace=True)[0].unlabelled == 1
    assert "missing = 0.27  # 1 of 100 seen" in path.read_text()


def test_what_cannot_be_inferred(line: Line, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing made, and a file outside of the project, are errors."""
    with pytest.raises(NothingToContract):
        infer(line)
    with pytest.raises(OutsideOfProject):
        infer(line, str(tmp_path_factory.mktemp("other") / "a.csv"))


def test_check(line: Line) -> None:
    """Files are held against their contracts as they are now; one that is not there is not good."""
    line.contract(CONTRACT.replace("clean.csv", "raw.csv"), "raw")
    line.contract(CONTRACT)
    first, second = data_check.check(line.opened, [], None, line.said.append)
    assert [(each.file, each.is_good) for each in (first, second)] == [("clean.csv", False), ("raw.csv", True)]
    assert first.verdict is None
    (line.root / "raw.csv").write_text(BAD)
    (checked,) = data_check.check(line.opened, ["raw.csv"], None, line.said.append)
    assert not checked.is_good
    document = checked.to_json()
    (broken,) = [rule for rule in document["rules"] if rule["state"] == "broken"]
    assert (broken["line"], broken["examples"]) == (4, [{"row": 7, "values": {"age": "-4", "id": "7"}}])
    with pytest.raises(NoContract) as caught:
        data_check.check(line.opened, ["rwa.csv"], None, line.said.append)
    assert caught.value.near == "raw.csv"


@pytest.mark.slow
def test_check_against_another(line: Line) -> None:
    """A file is held against the contract of another, against one in a file, or against what is inferred from one."""
    (line.root / "new.csv").write_text(BAD)

    def is_good(against: str) -> bool:
        (checked,) = data_check.check(line.opened, ["new.csv"], against, line.said.append)
        return checked.is_good

    assert not is_good("raw.csv")
    line.contract('file = "raw.csv"\n', "raw")
    assert is_good("raw.csv")
    assert is_good("contracts/raw.toml")
