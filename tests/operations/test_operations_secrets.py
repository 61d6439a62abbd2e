"""A known secret is planted wherever a source may have one, and looked for wherever noteship leaves anything."""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from cli.projects import Project
from ingestion import postgres_server, web_server
from noteship.ingestion import kafka, web
from noteship.operations.opened import OpenedProject

SECRET = "pl4nted&s3cret/of'all"
SENT = [base64.b64encode(each.encode()).decode().rstrip("=") for each in (SECRET, f"ada:{SECRET}")]
FORMS = (SECRET, quote(SECRET), quote(SECRET, safe=""), *SENT)
CALLS = [
    ("graph", "--json"),
    ("graph", "--evidence"),
    ("run",),
    ("run", "--json"),
    ("explain",),
    ("explain", "--json"),
    ("data", "sources", "--check"),
    ("data", "sources", "--json"),
    ("data", "fetch", "--json"),
    ("runs", "--json"),
    ("show", "latest", "--json"),
    ("gc", "--json"),
]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[web_server.Site]:
    monkeypatch.setattr(web, "WAIT_S", 0.001)
    monkeypatch.setattr(kafka, "CONNECT_S", 0.5)
    with web_server.serving() as found:
        found.files["/raw.csv"] = b"one\n"
        yield found


def holds(text: str) -> bool:
    return any(form in text for form in FORMS)


def left_behind(root: Path) -> list[str]:
    """The files in which it is."""
    found = []
    for folder, _, names in os.walk(root):
        for name in names:
            data = (Path(folder) / name).read_bytes()
            if any(form.encode() in data for form in FORMS) or holds(name):
                found.append(name)
    return found


def say_all(project: Project, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> str:
    """Everything that the calls print, log and write where nothing should be written."""
    caplog.set_level(logging.DEBUG)
    told = "".join(answer.out + answer.err for answer in (project.call(*words) for words in CALLS))
    beside = capfd.readouterr()
    return told + caplog.text + beside.out + beside.err


def test_a_secret_is_left_nowhere(
    project: Project,
    site: web_server.Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither when it opens the door nor when a server repeats it, in what is printed or written."""
    monkeypatch.setenv("PLANTED", SECRET)
    project.write(
        "noteship.toml",
        f"""
[data.token]
from = "{site.address}/raw.csv"
to = "token.csv"
credentials = {{ env = "PLANTED" }}

[data.user]
from = "{site.address.replace("//", "//ada@")}/raw.csv"
to = "user.csv"
credentials = {{ env = "PLANTED" }}
refresh = "once"
""",
    )
    project.write("told.py", "import os\nopen('told.txt', 'w').write(repr(dict(os.environ)))\n")
    assert not holds(say_all(project, caplog, capfd))
    assert project.text("token.csv") == "one\n"
    assert "'PATH'" in project.text("told.txt")
    assert "PLANTED" not in OpenedProject.at(project.root).variables
    # Some servers name the version of a file by what they were sent.
    for site.has_etag, site.repeats in ((False, "etag"), (False, "last-modified")):
        site.files["/raw.csv"] += b"more\n"
        answer = project.call("data", "fetch", "--replace")
        assert answer.code == 0 and not holds(answer.err + say_all(project, caplog, capfd))
        assert project.text("user.csv") == project.text("token.csv") == site.files["/raw.csv"].decode()
    site.token = "another"
    answer = project.call("run")
    assert answer.code == 3
    assert "(hidden)" in answer.err
    assert not holds(answer.err + say_all(project, caplog, capfd))
    assert left_behind(project.root) == []


@pytest.mark.slow
def test_a_secret_of_a_database_or_a_broker_is_left_nowhere(
    project: Project,
    site: web_server.Site,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Where nobody answers, the drivers say why; they are given the secret in texts of their own."""
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    for kind, address, more in (
        ("db", "postgresql://ada@127.0.0.1:1/mail", 'query = "select 1"'),
        ("topic", "kafka://ada@127.0.0.1:1/mail", 'credentials.mechanism = "PLAIN"'),
        ("tls", "kafka+tls://ada@127.0.0.1:1/mail", ""),
    ):
        project.write(
            "noteship.toml",
            f'[data.{kind}]\nfrom = "{address}"\nto = "x.parquet"\n{more}\ncredentials.file = "{tmp_path}/secret"\n',
        )
        told = say_all(project, caplog, capfd)
        assert "does not answer" in told
        assert not holds(told)
    assert left_behind(project.root) == []


@pytest.mark.debian
def test_a_password_that_a_server_refuses_is_left_nowhere(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor one with which it answers."""
    database = postgres_server.shared()
    (tmp_path / "secret").write_text(SECRET)
    section = (
        f'[data.db]\nfrom = "{database.url}"\nto = "x.parquet"\nquery = "select 1 as one"\n'
        f'credentials = {{ file = "{tmp_path}/secret" }}\n'
    )
    project.write("noteship.toml", section)
    told = say_all(project, caplog, capfd)
    assert "authentication failed" in told
    assert not holds(told)
    (tmp_path / "secret").write_text(postgres_server.PASSWORD)
    told = say_all(project, caplog, capfd)
    assert "1 row, " in told
    assert postgres_server.PASSWORD not in told
    assert left_behind(project.root) == []


@pytest.mark.parametrize(
    "section",
    [
        'from = "postgresql://ada:{}@db/mail"\nquery = "select 1"',
        'from = "https://ada:{}@example.org/x"',
        'from = "https://example.org/x?token={}"',
        'from = "postgresql://db/mail"\nquery = "select * from dblink(\'password={}\')"',
        'from = "postgresql://db/mail"\nquery = "select 1"\ncredentials = "{}"',
        'from = "postgresql://db/mail"\nquery = "select 1"\ncredentials = {{ password = "{}" }}',
        'from = "postgresql://db/mail"\nquery = "select 1"\npassword = "{}"',
    ],
)
def test_a_secret_in_the_declaration_is_refused_and_not_repeated(project: Project, section: str) -> None:
    """Before anything runs, with the line and the way that it is done."""
    secret = "pl4nteds3cret"
    project.write("noteship.toml", f"[data.x]\n{section.format(secret)}\nto = 'x.parquet'\n")
    answer = project.call("run", "--json")
    assert answer.code == 2
    assert "noteship.toml, line" in answer.err
    assert "credentials" in answer.err
    assert secret not in answer.err + answer.out
    assert secret not in project.call("graph").err
