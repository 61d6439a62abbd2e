"""`noteship data show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.projects import Project
from surveys.planted import PLANTS, clean

DECLARED = """
[service]
steps = ["model.sav"]
data = "data/orders.csv"
inputs = ["age"]
target = "returned"
"""


@pytest.fixture
def orders(project: Project) -> Project:
    """A project whose data have classes in two spellings."""
    project.write("noteship.toml", DECLARED)
    frame = PLANTS["spellings of labels"][0](clean(rows=200))[["age", "city", "review", "returned"]]
    project.write("data/orders.csv", frame.to_csv(index=False))
    return project


def test_problems_are_printed_and_the_page_is_written(orders: Project) -> None:
    """The target is the declaration's; the page is where the last line says, or where it was asked for."""
    answer = orders.call("data", "show", "data/orders.csv")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "data/orders.csv: 200 rows, 4 columns, target returned"
    assert lines[1] == "1 problem was found: labels in several spellings."
    assert lines[2].startswith("  ! labels in several spellings: “returned” has values that differ in case or spaces")
    page = Path(lines[-1].removeprefix("the page: "))
    assert page == orders.root / ".noteship/shown/data-orders.csv.html"
    assert "labels in several spellings" in page.read_text(encoding="utf-8")
    told = orders.json(
        "data", "show", "data/orders.csv", "-o", str(orders.root / "own.html"), "--leave-out", "returned"
    )
    assert told["target"] == "returned"
    assert [each["kind"] for each in told["problems"]] == ["label-spellings"]
    assert "Yes" not in told["problems"][0]["fact"]
    assert (orders.root / "own.html").exists()
    assert [each["name"] for each in told["columns"]] == ["age", "city", "review", "returned"]


def test_a_contract_says_what_is_left_out(orders: Project) -> None:
    """Columns that a file's contract leaves out are left out of its page."""
    orders.write(
        "contracts/orders.toml", 'file = "data/orders.csv"\nleave_out = ["city"]\n\n[columns.city]\ntype = "text"\n'
    )
    orders.call("data", "show", "data/orders.csv")
    page = orders.text(".noteship/shown/data-orders.csv.html")
    assert "Graz" not in page
    assert "Its values are left out." in page


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (["data/order.csv"], 2, "NoTableThere"),
        (["data/orders.csv", "--target", "return"], 1, "NoSuchColumn"),
        (["data/orders.csv", "--split", "part", "--test", "data/orders.csv"], 2, "WrongUsage"),
        (["data/orders.csv", "--run", "latest"], 2, "UnknownRun"),
    ],
)
def test_what_is_not_there_is_said(orders: Project, words: list[str], code: int, kind: str) -> None:
    """Files, columns and runs that are not there are errors of their own."""
    answer = orders.call("data", "show", *words, "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (code, kind)


@pytest.mark.slow
def test_a_file_of_a_run_is_shown_from_the_store(project: Project) -> None:
    """What a stage made is shown though it does not lie there any more, and as a run made it."""
    project.write("make.py", "import pathlib\npathlib.Path('t.csv').write_text('a,b\\n' + '1,x\\n2,y\\n' * 30)\n")
    project.write("use.py", "import pandas\npandas.read_csv('t.csv').to_csv('u.csv')\n")
    assert project.call("run").code == 0
    (project.root / "t.csv").unlink()
    assert project.json("data", "show", "t.csv")["rows"] == 60
    assert project.json("data", "show", "t.csv", "--run", "latest")["rows"] == 60
    wrong = project.call("data", "show", "v.csv", "--run", "latest", "--json")
    assert (wrong.code, wrong.document["error"]["kind"]) == (2, "NoSuchOutput")
