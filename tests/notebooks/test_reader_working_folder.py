"""Which folder a stage runs in."""

from __future__ import annotations

from posixpath import join, normpath

from noteship.notebooks import working_folder
from noteship.notebooks.raw import Hole, PathText, RawAnalysis, RawUse
from noteship.notebooks.working_folder import Candidate


def _choose(
    stages: dict[str, str], files: str, scripts: str = "", fixed: dict[str, str] | None = None
) -> dict[str, str]:
    """Stages as path: uses (`r x; w y`), each use relative to wherever the stage runs."""

    def analyse(path: str, cwd: str) -> RawAnalysis:
        uses = []
        for order, text in enumerate(filter(None, stages[path].split("; "))):
            place = normpath(join(cwd, text[2:]))
            action = "read" if text[0] == "r" else "write"
            uses.append(RawUse(PathText((place,)), action, 1, 1, "call", "literal", order=order))  # type: ignore[arg-type]
        return RawAnalysis(tuple(uses))

    candidates = [Candidate(path, path, path in scripts.split(), (fixed or {}).get(path)) for path in stages]
    chosen = working_folder.choose(candidates, frozenset(files.split()), analyse)
    return {name: folder.path for name, folder in chosen.items()}


def test_a_notebook_runs_in_its_own_folder() -> None:
    """So it does in Jupyter, also when nothing that it reads is there."""
    assert _choose({"nb/a": "r x.csv"}, "") == {"nb/a": "nb"}


def test_a_script_runs_in_the_root() -> None:
    """So it does when it is called from there."""
    assert _choose({"src/a": "r x.csv"}, "", scripts="src/a") == {"src/a": ""}


def test_a_notebook_is_found_to_run_in_the_root() -> None:
    """When what it reads is there alone."""
    assert _choose({"nb/a": "r data/x.csv"}, "data/x.csv") == {"nb/a": ""}


def test_a_script_is_found_to_run_in_its_own_folder() -> None:
    """When what it reads is there alone."""
    assert _choose({"src/a": "r ../data/x.csv"}, "data/x.csv", scripts="src/a") == {"src/a": "src"}


def test_files_found_from_the_usual_folder_win() -> None:
    """Nothing changes when the usual folder finds as much."""
    assert _choose({"nb/a": "r x.csv"}, "x.csv nb/x.csv") == {"nb/a": "nb"}


def test_what_another_stage_writes_counts() -> None:
    """A read of a file that another stage makes is found where that stage makes it."""
    stages = {"nb/a": "r data/raw.csv; w data/clean.csv", "nb/b": "r data/clean.csv"}
    assert _choose(stages, "data/raw.csv") == {"nb/a": "", "nb/b": ""}


def test_stages_that_agree_stay() -> None:
    """Two notebooks that hand a file over in their own folder stay there."""
    assert _choose({"nb/a": "w x.csv", "nb/b": "r x.csv"}, "") == {"nb/a": "nb", "nb/b": "nb"}


def test_own_files_do_not_count() -> None:
    """What the stage wrote before it reads it says nothing about where it runs."""
    assert _choose({"nb/a": "w x.csv; r x.csv"}, "x.csv") == {"nb/a": "nb"}


def test_the_user_has_the_last_word() -> None:
    """A declared folder is taken, whatever is found there."""
    assert _choose({"nb/a": "r data/x.csv"}, "data/x.csv", fixed={"nb/a": "nb"}) == {"nb/a": "nb"}


def test_a_change_is_explained() -> None:
    """The note names a file that only the other folder has."""
    analysis = RawAnalysis((RawUse(PathText(("data/x.csv",)), "read", 1, 1, "call", "literal"),))
    away = RawAnalysis((RawUse(PathText(("nb/data/x.csv",)), "read", 1, 1, "call", "literal"),))
    chosen = working_folder.choose(
        [Candidate("nb/a", "nb/a.ipynb", False)], frozenset(["data/x.csv"]), lambda _, cwd: away if cwd else analysis
    )
    assert "data/x.csv" in chosen["nb/a"].note


def test_folders_between_count_too() -> None:
    """A notebook two folders deep may have been started from the one above it."""
    assert _choose({"work/nb/a": "r data/x.csv"}, "work/data/x.csv") == {"work/nb/a": "work"}


def test_writes_settle_what_reads_leave_open() -> None:
    """A script whose reads climb out of the root runs there only when its writes fit there."""
    files = "data/raw.csv"
    assert _choose({"src/a": "r ../data/raw.csv; w data/out.csv"}, files, "src/a") == {"src/a": ""}
    assert _choose({"src/a": "r ../data/raw.csv; w ../data/out.csv"}, files, "src/a") == {"src/a": "src"}
    assert _choose({"src/a": "r ../data/raw.csv"}, files, "src/a") == {"src/a": "src"}


def test_a_hole_is_not_found_by_its_folder() -> None:
    """A folder of which the name is not known finds nothing, where another folder finds a file."""

    def analyse(_: str, cwd: str) -> RawAnalysis:
        known = [join(cwd, "conf.yaml"), join(cwd, "data/x.csv")] if not cwd else [join(cwd, "conf.yaml")]
        paths = [PathText((path,)) for path in known]
        if cwd:
            paths += [PathText((f"{cwd}/", Hole("not known"), f"/{name}.csv")) for name in "abc"]
        return RawAnalysis(tuple(RawUse(path, "read", 1, 1, "call", "literal", order=1) for path in paths))

    found = working_folder.choose([Candidate("a", "jobs/a.py", True)], frozenset({"conf.yaml", "jobs/a.py"}), analyse)
    assert found["a"].path == ""
