"""`noteship serve` on a project that has bundles."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import httpx
import pytest

from noteship import serving
from noteship.cli.main import main
from noteship.errors import NoteshipError
from noteship.operations import errors, serve, trusted
from noteship.operations.opened import OpenedProject
from noteship.operations.promote import promote
from noteship.operations.shelf import Shelf

from .served import letters_bundle, shouted_bundle
from .started import keep, started


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle."""
    return letters_bundle(tmp_path_factory.mktemp("made"))


@pytest.fixture
def opened(tmp_path: Path, bundle: Path) -> OpenedProject:
    """A project whose latest bundle is a real one."""
    opened = OpenedProject.at(tmp_path)
    keep(opened, bundle, "letters", "latest")
    return opened


def refused(opened: OpenedProject, name: str | None) -> NoteshipError:
    with pytest.raises(NoteshipError) as caught:
        serve.chosen(opened, name)
    return caught.value


def test_the_champion_is_served_before_the_latest(opened: OpenedProject) -> None:
    """Without a name it is the champion where there is one, else the latest; a name or the start of a digest picks."""
    latest = serve.chosen(opened, None).bundle
    assert latest.by == "latest"
    other = {"digest": "ab" * 32, "name": "letters"}
    opened.store.write_ref("names/champion", other, expected=None)
    opened.store.write_ref(f"bundles/{'ab' * 32}", other, expected=None)
    assert serve.chosen(opened, None).bundle == serve.Named("ab" * 32, "letters", "champion")
    assert serve.chosen(opened, "latest").bundle == latest
    assert serve.chosen(opened, latest.digest[:5]).bundle.digest == latest.digest
    assert serve.chosen(opened, "abab").bundle.digest == "ab" * 32


def test_a_name_that_fits_none_or_several_is_said(opened: OpenedProject, tmp_path: Path) -> None:
    """An unknown name comes with those there are, an ambiguous one with those that fit."""
    for digest in ("ab" * 31 + "00", "ab" * 31 + "11"):
        opened.store.write_ref(f"bundles/{digest}", {"digest": digest, "name": "letters"}, expected=None)
    assert "2 bundles start with 'ababab'" in str(refused(opened, "ababab"))
    assert "no bundle is named by 'zz'" in str(refused(opened, "zz"))
    assert isinstance(refused(opened, "champion"), errors.UnknownBundle)
    (tmp_path / "empty").mkdir()
    assert isinstance(refused(OpenedProject.at(tmp_path / "empty"), None), errors.NoBundle)


def test_serve_answers_and_ends_well(opened: OpenedProject) -> None:
    """`noteship serve --json` prints one document when it is ready, answers, and exits 0 on Ctrl-C."""
    with started(opened.root) as one:
        assert one.told["name"] == "letters"
        assert one.told["chosen"] == "latest"
        assert one.told["bundle"] == serve.chosen(opened, None).bundle.digest
        answer = httpx.post(f"{one.url}/predict", json=[["my dear aunt"]], timeout=20).json()
        assert answer["predictions"] == ["letter"]
        assert answer["version"] == one.told["bundle"][:12]
        printed, said = one.end(signal.SIGINT)
        assert printed == ""
        messages = [json.loads(line)["message"] for line in said.splitlines()]
        assert [message.partition(" ")[0] for message in messages] == ["loading", "letters", "serving"]
        # A bundle that has no profile is served, and the operator is told what is not done.
        assert messages[1].startswith("letters is not watched: the bundle ")
        assert messages[1].endswith("which `noteship run` has said; make the bundle again: noteship run")


@pytest.mark.slow
def test_a_bundle_in_a_folder_is_served(bundle: Path, tmp_path: Path) -> None:
    """A folder's bundle answers where the project has none, and other bytes in it are refused."""
    copied = tmp_path / "image/bundle"
    shutil.copytree(bundle, copied)
    with started(tmp_path, "--no-monitor", "--", os.fspath(copied)) as one:
        answer = httpx.post(f"{one.url}/predict", json=[["my dear aunt"]], timeout=20).json()
        assert (answer["predictions"], answer["version"]) == (["letter"], one.told["bundle"][:12])
        one.end()
    chosen = serve.chosen(OpenedProject.at(tmp_path), os.fspath(copied))
    described = copied / "bundle.json"
    described.write_bytes(described.read_bytes() + b" ")
    shelf = Shelf(OpenedProject.at(tmp_path), frozenset(), allow_pickle=False, folders={chosen.bundle.digest: copied})
    with pytest.raises(NoteshipError, match="its files have changed"):
        shelf.load(serving.Entry(chosen.bundle.name, chosen.bundle.digest))


@pytest.mark.slow
def test_a_champion_by_override_is_served_and_marked(opened: OpenedProject) -> None:
    """What was promoted although its gates did not pass is served, and the service says so when it starts."""
    promote(opened, "latest", override="the old one is down")
    with started(opened.root) as one:
        assert one.told["chosen"] == "champion"
        assert one.told["bundles"][0]["override"] == "the old one is down"
        _, said = one.end()
    assert any("promoted by an override of its gates: the old one is down" in line for line in said.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(("words", "count"), [((), 1), (("--no-monitor",), 0)])
def test_where_to_look_is_said_when_it_is_ready(opened: OpenedProject, words: tuple[str, ...], count: int) -> None:
    """Addresses, and the verb that shows whether something has changed, where that is watched."""
    command = [sys.executable, "-m", "noteship", "serve", "--project", os.fspath(opened.root), "--port", "0", *words]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            told = [*itertools.takewhile(lambda line: "Ctrl-C" not in line, process.stdout)]
        finally:
            process.kill()
    assert told[0].startswith("serving on http://")
    assert sum("noteship monitor" in line for line in told) == count


@pytest.mark.slow
def test_what_a_service_says_is_json(opened: OpenedProject) -> None:
    """Where nobody looks on, each line on standard error is JSON; spans go where OpenTelemetry's variables say."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with started(opened.root, "--access-log", OTEL_TRACES_EXPORTER="console") as one:
        headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        answer = httpx.post(f"{one.url}/predict", json=[["my dear aunt"]], timeout=20, headers=headers)
        out, said = one.end(signal.SIGINT)
    loading, _, ready, asked = map(json.loads, said.splitlines())
    assert (loading["level"], loading["message"].partition(" (")[0]) == ("INFO", "loading letters")
    assert (ready["url"], ready["bundles"]) == (one.url, [one.told["bundle"]])
    span = json.loads(out)
    assert (span["name"], span["resource"]["attributes"]["service.name"]) == ("POST /predict", "noteship")
    assert span["context"]["span_id"] == "0x" + asked["span_id"]
    assert (asked["trace_id"], asked["request_id"]) == (trace, answer.headers["x-request-id"])


def test_a_fault_of_a_service_is_json(opened: OpenedProject, capsys: pytest.CaptureFixture[str]) -> None:
    """What ends a service is a record of its log, or with `--log text` a message as elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        words = ["serve", "--project", os.fspath(opened.root), "--port", str(other.getsockname()[1])]
        assert main(words) == 3
        record = json.loads(capsys.readouterr().err)
        assert main([*words, "--log", "text"]) == 3
        assert capsys.readouterr().err == f"error: {record['message']}\n"
    assert record["level"] == "ERROR"


def test_a_port_that_is_taken(opened: OpenedProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is loaded when the port is not free."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        code = main(["serve", "--project", os.fspath(opened.root), "--port", str(other.getsockname()[1])])
    assert code == 3
    error = capsys.readouterr().err
    assert "another program listens there" in error
    assert "loading" not in error


@pytest.mark.slow
def test_the_source_of_a_bundle_is_imported_where_it_is_trusted(
    opened: OpenedProject, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reference does not make it so: the project made the bundle itself, or the operator gives its whole digest."""
    made = tmp_path_factory.mktemp("shouted")
    digest = keep(opened, shouted_bundle(made), "shouted", "champion")
    (made / "helpers.py").unlink()
    for words in ([], ["champion"], [digest[:63]]):
        assert main(["serve", "--project", os.fspath(opened.root), "--port", "0", *words]) == 2
        error = capsys.readouterr().err
        assert "helpers.py" in error
        assert f"noteship serve {digest}" in error
    with started(opened.root, digest) as one:
        assert one.told["bundle"] == digest
    trusted.add(opened.root, digest)
    with started(opened.root) as one:
        assert (one.told["bundle"], one.told["chosen"]) == (digest, "champion")


def test_a_damaged_bundle_is_not_served(opened: OpenedProject, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle whose bytes are not those of its digest is an error, and nothing of it is loaded."""
    objects = [path for path in (opened.root / ".noteship/store").rglob("*") if path.is_file()]
    model = next(path for path in objects if path.read_bytes().startswith(b"PK"))
    model.chmod(0o644)
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    code = main(["serve", "--project", os.fspath(opened.root), "--port", "0"])
    assert code == 1
    assert "damaged" in capsys.readouterr().err


def project_python(root: Path, *, with_noteship: bool) -> Path:
    """An environment of the project's own, which sees the packages of this one."""
    venv.create(root / ".venv", symlinks=True)
    python = root / ".venv/bin/python"
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = root / ".venv/lib" / minor / "site-packages"
    here = Path(sysconfig.get_path("purelib"))
    (packages / "here.pth").write_text(f"import site; site.addsitedir({os.fspath(here)!r})\n")
    if with_noteship:
        shutil.copytree(next(here.glob("noteship-*.dist-info")), packages / "noteship-0.dist-info")
    return python


@pytest.mark.slow
def test_the_model_is_loaded_in_the_projects_interpreter(opened: OpenedProject) -> None:
    """Where the project has an environment of its own, the service runs there."""
    python = project_python(opened.root, with_noteship=True)
    with started(opened.root) as one:
        assert httpx.get(f"{one.url}/health/ready").json() == {"ready": True}
        line = Path(f"/proc/{one.process.pid}/cmdline")
        words = line.read_text().split("\0") if sys.platform == "linux" else [str(python)]
        assert words[0] == str(python)
        one.end()


def test_an_interpreter_without_noteship_is_said(opened: OpenedProject, capsys: pytest.CaptureFixture[str]) -> None:
    """Where noteship is missing in the project's environment, the error has the command that adds it."""
    python = project_python(opened.root, with_noteship=False)
    code = main(["serve", "--project", os.fspath(opened.root)])
    assert code == 3
    assert f"{python} -m pip install noteship" in capsys.readouterr().err
