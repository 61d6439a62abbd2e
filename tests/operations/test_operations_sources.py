"""Sources of data as stages of a run: when they are asked, what is reused, and what is said of them."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.projects import Project
from ingestion import web_server
from noteship.ingestion import web

READER = "open('out.txt', 'w').write(open('data/raw.csv').read() * 2)\n"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[web_server.Site]:
    monkeypatch.setattr(web, "WAIT_S", 0.001)
    with web_server.serving() as found:
        found.files["/raw.csv"] = b"one\n"
        yield found


def declare(project: Project, address: str, *lines: str, name: str = "raw", to: str = "data/raw.csv") -> None:
    text = "\n".join([f"[data.{name}]", f'from = "{address}"', f'to = "{to}"', *lines])
    project.write("noteship.toml", text + "\n")


def reading(project: Project, address: str, *lines: str) -> None:
    declare(project, address, *lines)
    project.write("use.py", READER)


def asked(site: web_server.Site) -> list[str]:
    found = [method for method, _, _ in site.asked]
    site.asked.clear()
    return found


def test_a_run_on_moved_data_is_another_run(project: Project, site: web_server.Site) -> None:
    """Unmoved data are neither fetched nor read again; moved data are, and what follows runs."""
    reading(project, f"{site.address}/raw.csv")
    assert project.states() == {"data.raw": "executed", "use": "executed"}
    assert asked(site) == ["HEAD", "GET"]
    assert project.states() == {"data.raw": "reused", "use": "reused"}
    assert asked(site) == ["HEAD"]
    site.files["/raw.csv"] = b"two\n"
    assert project.states() == {"data.raw": "executed", "use": "executed"}
    assert project.text("out.txt") == "two\ntwo\n"
    site.files["/raw.csv"] = b"one\n"
    asked(site)
    assert project.states() == {"data.raw": "reused", "use": "reused"}
    assert asked(site) == ["HEAD"]
    assert project.text("data/raw.csv") == "one\n"


@pytest.mark.slow
def test_data_that_do_not_say_whether_they_moved_are_fetched(project: Project, site: web_server.Site) -> None:
    """What comes after them runs only if other bytes came."""
    site.has_etag = False
    reading(project, f"{site.address}/raw.csv")
    project.states()
    assert project.states() == {"data.raw": "executed", "use": "reused"}
    site.files["/raw.csv"] = b"two\n"
    assert project.states() == {"data.raw": "executed", "use": "executed"}
    assert project.text("out.txt") == "two\ntwo\n"


@pytest.mark.slow
def test_a_version_that_moves_between_question_and_transfer_belongs_to_no_key(
    project: Project, site: web_server.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on with what came; going back to the first version does not find the second's bytes."""
    reading(project, f"{site.address}/raw.csv")
    versions = web.WebOrigin.version

    def moving(self: web.WebOrigin, watch: object) -> str | None:
        found = versions(self, watch)  # type: ignore[arg-type]
        site.files["/raw.csv"] = b"two\n"
        return found

    with monkeypatch.context() as patch:
        patch.setattr(web.WebOrigin, "version", moving)
        assert project.states() == {"data.raw": "executed", "use": "executed"}
    assert project.text("out.txt") == "two\ntwo\n"
    site.files["/raw.csv"] = b"one\n"
    assert project.states() == {"data.raw": "executed", "use": "executed"}
    assert project.text("out.txt") == "one\none\n"


@pytest.mark.parametrize(
    ("refresh", "expected"),
    [
        ("once", []),
        pytest.param("always", ["HEAD", "GET"], marks=pytest.mark.slow),
        pytest.param("1d", [], marks=pytest.mark.slow),
        pytest.param("1ms", ["HEAD", "GET"], marks=pytest.mark.slow),
    ],
)
def test_refresh_says_when_it_is_asked(
    project: Project, site: web_server.Site, refresh: str, expected: list[str]
) -> None:
    """Always, never again, or when the last answer is old."""
    reading(project, f"{site.address}/raw.csv", f'refresh = "{refresh}"')
    project.states()
    asked(site)
    site.files["/raw.csv"] = b"two\n"
    project.states()
    assert asked(site) == expected
    asked(site)
    assert project.call("data", "fetch").code == 0
    assert "GET" in asked(site) or refresh in ("always", "1ms")
    assert project.text("data/raw.csv") == "two\n"


def test_an_origin_that_is_away_stops_the_run(project: Project, site: web_server.Site) -> None:
    """What is old is never taken for new; offline goes on with it, and says so."""
    reading(project, f"{site.address}/raw.csv")
    answer = project.call("run", "--offline")
    assert answer.code == 1
    assert "data.raw: nothing has been fetched yet" in answer.err
    project.states()
    site.busy = 1000
    answer = project.call("run", "--json")
    assert answer.code == 3
    error = answer.document["error"]
    assert error["kind"] == "OriginUnreachable"
    assert "noteship run --offline" in error["remedy"]
    answer = project.call("run", "--offline", "--json")
    assert answer.code == 0
    assert [stage["state"] for stage in answer.document["stages"]] == ["reused", "reused"]
    assert "offline" in answer.document["notices"][0]


@pytest.mark.slow
def test_a_source_that_fails_is_a_failed_stage(project: Project, site: web_server.Site) -> None:
    """What needs it is blocked, what does not goes on, and the next run begins there."""
    reading(project, f"{site.address}/raw.csv", 'max_size = "10"')
    project.write("other.py", "open('other.txt', 'w').write('other')\n")
    site.files["/raw.csv"] = b"x" * 100
    answer = project.call("run")
    assert answer.code == 1
    assert "gives more than 10 bytes" in answer.err
    assert "raise the limit" in answer.err
    site.files["/raw.csv"] = b"x"
    assert project.states() == {"data.raw": "executed", "other": "reused", "use": "executed"}


@pytest.mark.slow
def test_a_folder_of_files_becomes_a_folder(project: Project, tmp_path: Path) -> None:
    """Each file counts; one that the origin has no more is no input any more."""
    origin = tmp_path / "origin"
    origin.mkdir()
    for name in "ab":
        (origin / f"{name}.csv").write_text(f"{name}\n")
    declare(project, str(origin), to="data/raw")
    project.write(
        "use.py",
        "import glob\ntext = [open(p).read() for p in sorted(glob.glob('data/raw/*.csv'))]\n"
        "open('out.txt', 'w').write(''.join(text))\n",
    )
    assert project.states() == {"data.raw": "executed", "use": "executed"}
    assert project.text("out.txt") == "a\nb\n"
    assert project.states() == {"data.raw": "reused", "use": "reused"}
    (origin / "a.csv").unlink()
    (origin / "c.csv").write_text("c\n")
    assert project.states() == {"data.raw": "executed", "use": "executed"}
    assert project.text("out.txt") == "b\nc\n"


@pytest.mark.slow
def test_a_file_that_was_changed_by_hand_is_not_overwritten(project: Project, site: web_server.Site) -> None:
    """What a source brought is what noteship made: a change stops the run, as that of any other output."""
    reading(project, f"{site.address}/raw.csv")
    project.states()
    project.write("data/raw.csv", "mine\n")
    assert "changed by hand" in project.call("run").err
    assert project.text("data/raw.csv") == "mine\n"
    assert project.call("data", "fetch", "--replace").code == 0
    assert project.text("data/raw.csv") == "one\n"


@pytest.mark.slow
def test_a_source_is_shown_as_one(project: Project, site: web_server.Site) -> None:
    """In the graph, in explanations, and in the record of a run, with where and when."""
    reading(project, f"{site.address}/raw.csv")
    graph = project.json("graph")
    assert graph["stages"][0]["kind"] == "source"
    assert graph["edges"] == [["data.raw", "use", "data/raw.csv"]]
    assert "data.raw  (a source of data)" in project.call("graph").out
    assert "(a source of data)" not in project.call("graph", "use").out
    assert project.json("explain", "data.raw")["would"] == "run"
    project.states()
    assert project.json("explain", "data.raw")["would"] == "be asked"
    assert project.json("explain", "use")["would"] == "be reused"
    site.files["/raw.csv"] = b"two\n"
    project.states()
    shown = project.json("show", "latest", "data.raw")
    assert shown["reason"] == "its origin has other data now"
    assert shown["source"]["from"] == f"{site.address}/raw.csv"
    assert shown["source"]["fetched"].endswith("+00:00")
    assert "fetched" in project.call("show", "latest", "data.raw").out
    answer = project.call("show", "latest", "data.raw", "--output", str(project.root / "record.json"))
    assert answer.code == 0
    assert json.loads(project.text("record.json")) == shown["source"]


@pytest.mark.slow
def test_sources_are_listed_with_their_state(project: Project, site: web_server.Site) -> None:
    """Never fetched, fetched, moved, or not to be known, since nobody answers; nothing is fetched by looking."""
    reading(project, f"{site.address}/raw.csv")

    def state(*words: str) -> str:
        found = project.call("data", "sources", "--json", *words).document["sources"]
        return str(found[0]["state"])

    assert state() == state("--check") == "never fetched"
    project.states()
    assert state("raw") == "fetched"
    assert state("--check") == "unmoved"
    site.files["/raw.csv"] = b"two\n"
    asked(site)
    assert state("--check") == "moved"
    assert asked(site) == ["HEAD"]
    site.busy = 1000
    answer = project.call("data", "sources", "--check")
    assert answer.code == 1
    assert "is not known" in answer.out
    assert "does not answer" in answer.err
    answer = project.call("data", "fetch", "rwa")
    assert answer.code == 2
    assert "nearest: raw" in answer.err


@pytest.mark.slow
def test_a_changed_declaration_is_another_source(project: Project, site: web_server.Site) -> None:
    """Where from counts; how patiently, and with which secret, does not."""
    reading(project, f"{site.address}/raw.csv")
    project.states()
    reading(project, f"{site.address}/raw.csv", 'timeout = "1m"', 'max_size = "1Gi"')
    assert project.states() == {"data.raw": "reused", "use": "reused"}
    site.files["/other.csv"] = b"one\n"
    reading(project, f"{site.address}/other.csv")
    assert project.states() == {"data.raw": "executed", "use": "reused"}
    assert project.json("show", "latest", "data.raw")["reason"] == "its declaration changed"


def test_what_the_project_makes_is_no_origin(project: Project) -> None:
    """A source of a stage's output, or of its own target, would run in a circle."""
    reading(project, "out.txt")
    assert "made by the project itself" in project.call("run").err
    reading(project, "data/raw.csv")
    assert "made by the project itself" in project.call("run").err


@pytest.mark.parametrize("address", ["data", "data/**/*.csv", "d*/*/old.csv", ".."])
def test_what_has_it_within_is_no_origin_either(project: Project, address: str) -> None:
    """A folder or a pattern with the source's own target in it would bring more at each run."""
    project.write("data/a.csv", "a\n")
    declare(project, address, to="data/raw")
    answer = project.call("data", "fetch")
    assert answer.code == 2 and "data/raw is made by the project itself" in answer.err
    assert not (project.root / "data/raw").exists()


def test_files_beside_a_target_are_an_origin(project: Project) -> None:
    """A pattern does not go into folders, and a folder does not bring what is hidden."""
    project.write("data/a.csv", "a\n")
    for address, target in (("data/*.csv", "data/raw"), ("data", "data/.raw")):
        declare(project, address, to=target)
        assert project.call("data", "fetch").code == 0
        assert project.text(f"{target}/a.csv") == "a\n"


@pytest.mark.parametrize("other", ["data/raw/more.csv", "data"])
def test_a_source_in_the_folder_of_another_is_refused(project: Project, other: str) -> None:
    """The folder takes the place of all that was there."""
    section = '[data.{}]\nfrom = "origin"\nto = "{}"\n'
    project.write("noteship.toml", section.format("one", "data/raw") + section.format("two", other))
    answer = project.call("data", "fetch", "two")
    assert answer.code == 2 and "another one the folder" in answer.err


def test_one_of_two_sources_of_a_file_is_chosen(project: Project) -> None:
    """Both would say that they were fetched, and one of them would be there."""
    section = '[data.{0}]\nfrom = "{0}.txt"\nto = "raw.csv"\n'
    project.write("noteship.toml", section.format("one") + section.format("two"))
    project.write("one.txt", "one\n")
    project.write("two.txt", "two\n")
    for verb in (["data", "fetch"], ["run"]):
        answer = project.call(*verb)
        assert answer.code == 2 and "two sources would be raw.csv" in answer.err
    assert project.call("data", "fetch", "two").code == 0
    assert project.text("raw.csv") == "two\n"


@pytest.mark.slow
def test_a_notebook_that_writes_the_same_is_an_alternative(project: Project, site: web_server.Site) -> None:
    """As with any two stages that write one file: one is chosen."""
    reading(project, f"{site.address}/raw.csv")
    project.write("fetch.py", "open('data/raw.csv', 'w').write('fetched')\n")
    assert project.call("run").code == 2
    assert project.states("--with", "data.raw")["data.raw"] == "executed"
    assert project.text("out.txt") == "one\none\n"


def test_a_notebook_with_the_name_of_a_source_is_told(project: Project, site: web_server.Site) -> None:
    """Two stages cannot have one name."""
    reading(project, f"{site.address}/raw.csv")
    project.write("data.raw.py", "open('x.txt', 'w').write('x')\n")
    answer = project.call("graph")
    assert answer.code == 2
    assert "there are two stages 'data.raw'" in answer.err


def test_sources_alone_are_a_project(project: Project, site: web_server.Site) -> None:
    """A folder without notebooks can fetch."""
    declare(project, f"{site.address}/raw.csv")
    assert project.states() == {"data.raw": "executed"}
    assert project.json("data", "fetch")["sources"][0]["state"] == "reused"
    project.write("noteship.toml", "")
    assert "no source of data is declared" in project.call("data", "sources").out
    assert project.json("data", "fetch")["sources"] == []


def test_a_notebook_finds_what_a_source_will_bring(project: Project, site: web_server.Site) -> None:
    """The working folder of a script is judged with the files that are still to come."""
    declare(project, f"{site.address}/raw.csv", to="work/raw.csv")
    project.write("work/use.py", "open('out.txt', 'w').write(open('raw.csv').read())\n")
    stages = project.json("graph")["stages"]
    assert stages[1]["reads"] == ["work/raw.csv"]
    assert stages[1]["cwd"] == "work"


def test_the_environment_does_not_count(project: Project, site: web_server.Site) -> None:
    """Another package in the environment is no reason to fetch anything again."""
    declare(project, f"{site.address}/raw.csv")
    project.states()
    from noteship.operations.opened import OpenedProject

    opened = OpenedProject.at(project.root)
    [result] = opened.ledger.results({opened.ledger.runs(1)[0].stages["data.raw"].key}).values()
    assert result.parts.environment == ""


def test_a_query_may_be_in_a_file(project: Project) -> None:
    """One that is not there, is empty, or holds a secret is told as such, before anything is asked."""
    declare(project, "postgresql://127.0.0.1:1/x", 'query_file = "x.sql"', to="x.parquet")
    assert "No such file" in project.call("run").err
    project.write("x.sql", "  \n")
    assert "it is empty" in project.call("run").err
    project.write("x.sql", "select * from dblink('password=hunter2x')")
    answer = project.call("run")
    assert "without a password" in answer.err
    assert "hunter2x" not in answer.err


@pytest.mark.slow
def test_a_killed_transfer_leaves_nothing(project: Project, site: web_server.Site) -> None:
    """Neither a file in the project nor, after the next run, one beside it; and the next run fetches it."""
    declare(project, f"{site.address}/raw.csv")
    site.files["/raw.csv"], site.pace_s = b"x" * 400_000, 0.1
    child = project.start("run")
    work = project.root / ".noteship/work"
    while not list(work.rglob(".raw.csv.*")):
        time.sleep(0.01)
    child.kill()
    child.communicate(timeout=20)
    assert not (project.root / "data/raw.csv").exists()
    site.pace_s = 0
    assert project.states() == {"data.raw": "executed"}
    assert len(project.text("data/raw.csv")) == 400_000
    assert list(work.iterdir()) == []


@pytest.mark.slow
def test_a_stopped_transfer_is_said_to_be_stopped(project: Project, site: web_server.Site) -> None:
    """Ctrl-C does not wait for the origin."""
    declare(project, f"{site.address}/raw.csv")
    site.files["/raw.csv"], site.pace_s = b"x" * 4_000_000, 1.0
    child = project.start("run", "--json")
    while len(site.asked) < 2:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 130
    assert json.loads(out)["stages"][0]["state"] == "stopped"
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_transfer_beside_a_notebook_keeps_its_place(project: Project, site: web_server.Site) -> None:
    """What a stage begins does not sweep away what a source has so far."""
    declare(project, f"{site.address}/raw.csv")
    project.write("other.py", "open('other.txt', 'w').write('other')\n")
    site.files["/raw.csv"], site.pace_s = b"x" * 300_000, 0.1
    assert project.states("--jobs", "2") == {"data.raw": "executed", "other": "executed"}
