"""`noteship data` on the command line: contracts inferred, listed, checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.projects import Project

ROWS = "id,age\n" + "".join(f"{number},{20 + number % 50}\n" for number in range(100))


@pytest.fixture
def people(tmp_path: Path) -> Project:
    (tmp_path / "people.csv").write_text(ROWS)
    return Project(tmp_path)


def test_infer_check_and_list(people: Project) -> None:
    """A contract is inferred, listed, printed and kept by the file it is of."""
    written = people.call("data", "infer", "people.csv")
    assert written.code == 0
    assert "contracts/people.toml  people.csv  written" in written.out
    checked = people.call("data", "check")
    assert checked.code == 0
    assert "people.csv: 100 rows; 8 of 8 rules kept (contracts/people.toml)" in checked.out
    assert "2 columns  stop" in people.call("data", "contract").out
    assert 'key = ["id"]' in people.call("data", "contract", "people.csv").out


def test_a_breach(people: Project) -> None:
    """A breach is 1, with a table of broken rules, and rows; as a document with all of it."""
    people.call("data", "infer", "people.csv")
    (people.root / "people.csv").write_text(ROWS.replace("\n7,27\n", "\n7,-4\n"))
    answer = people.call("data", "check")
    assert answer.code == 1
    assert "BROKEN  age  from 4 to 85  1 row  line 15" in answer.out
    assert "    7    -4   7" in answer.out
    document = json.loads(people.call("data", "check", "--json").out)
    (found,) = document["files"]
    assert (found["state"], found["rows"]) == ("broken", 100)
    (rule,) = [each for each in found["rules"] if each["state"] == "broken"]
    assert rule["examples"] == [{"row": 7, "values": {"age": "-4", "id": "7"}}]


def test_problems_are_told_before_they_are_rules(people: Project) -> None:
    """Of a file in which there are problems, inferring notes how many there are, and of a sound one nothing."""
    assert "rules were made" not in people.call("data", "infer", "people.csv").err
    cities = "".join(f"{number},{('Bonn', 'BONN ', 'Kiel')[number % 3]}\n" for number in range(99))
    (people.root / "cities.csv").write_text("id,city\n" + cities)
    told = people.call("data", "infer", "cities.csv")
    assert (
        "cities.csv: rules were made of what is wrong with it, too: `noteship data show cities.csv` names a problem"
        in told.err
    )
    assert json.loads(people.call("data", "infer", "cities.csv", "--json").out)["contracts"][0]["state"] == "there"


def test_wrong_words(people: Project) -> None:
    """A wrong action and --against without a file are wrong usage, and say what was meant."""
    wrong = people.call("data", "chekc")
    assert (wrong.code, "nearest: check" in wrong.err) == (2, True)
    assert people.call("data", "check", "--against", "people.csv").code == 2
    none = people.call("data", "check")
    assert (none.code, "noteship data infer" in none.err) == (2, True)


@pytest.mark.slow
def test_a_run_stops_and_goes_on(people: Project) -> None:
    """A run stops before the stage that would read what breaks its contract, and goes on when it is mended."""
    (people.root / "01-clean.py").write_text(
        "# %%\nspoil = False\n# %%\ntext = open('people.csv').read()\n"
        "if spoil:\n    text = text.replace('\\n7,27\\n', '\\n7,-4\\n')\nopen('clean.csv', 'w').write(text)\n"
    )
    (people.root / "02-train.py").write_text("# %%\nopen('model.txt', 'w').write(open('clean.csv').read()[:9])\n")
    assert people.call("run").code == 0
    assert people.call("data", "infer").code == 0
    spoiled = people.call("run", "--set", "01-clean.spoil=true")
    assert spoiled.code == 1
    assert "clean.csv breaks its contract: age: 1 of 100 rows is not from 4 to 85" in spoiled.err
    assert "written by stage 01-clean" in spoiled.err
    assert people.call("run").code == 0
