"""`noteship serve` with several bundles, in one process and in several."""

from __future__ import annotations

import concurrent.futures
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from noteship.cli.main import main
from noteship.operations.opened import OpenedProject

from .fleets import workers
from .load import load
from .served import letters_bundle, shouted_bundle
from .started import keep, started
from .waiting import until


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str, str]:
    """A project with two versions of one model, and one of another that brings source."""
    root = tmp_path_factory.mktemp("project")
    made = tmp_path_factory.mktemp("made")
    for each in ("one", "two", "three"):
        (made / each).mkdir()
    opened = OpenedProject.at(root)
    first = keep(opened, letters_bundle(made / "one"), "letters", "latest")
    second = keep(opened, letters_bundle(made / "two", 128), "letters")
    return root, first, second, keep(opened, shouted_bundle(made / "three"), "shouted")


def ask(url: str, path: str, **parameters: Any) -> httpx.Response:
    return httpx.post(f"{url}/v2/repository/models/{path}", json={"parameters": parameters}, timeout=60)


def answering(url: str) -> set[str]:
    """The versions that answer on connections of their own."""
    found = (httpx.post(f"{url}/predict", json=[["my dear aunt"]], timeout=20) for _ in range(10))
    return {response.raise_for_status().headers["x-model-version"] for response in found}


def roles(url: str) -> list[set[str]]:
    """What the workers that are asked say is served."""
    indexes = (httpx.post(f"{url}/v2/repository/index", timeout=20).json() for _ in range(6))
    return [{f"{each['version']} {each['role']}" for each in index} for index in indexes]


def ready(url: str) -> int:
    """How many workers are."""
    text = httpx.get(f"{url}/metrics", timeout=20).text
    return int(float(text.partition('noteship_workers{state="ready"} ')[2].partition("\n")[0]))


@pytest.mark.slow
def test_several_bundles_are_served(project: tuple[Path, str, str, str]) -> None:
    """The first named answers; a canary and a shadow of it, and another model, have parts of their own."""
    root, first, second, shouted = project
    words = [first[:12], shouted, "--shadow", second[:12]]
    with started(root, *words) as one:
        url = one.url
        assert [each["bundle"] for each in one.told["bundles"]] == [first, shouted, second]
        assert answering(url) == {first[:12]}
        other = httpx.post(f"{url}/models/shouted/predict", json=[["my dear aunt"]], timeout=20)
        assert other.headers["x-model-version"] == shouted[:12]
        expected = {f"{first[:12]} default", f"{shouted[:12]} default", f"{second[:12]} shadow"}
        assert roles(url)[0] == expected
        assert ask(url, "letters/load", bundle=second).status_code == 403
        one.end()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--canary", "{1}=5", "--shadow", "{1}"], "a version of letters plays one part"),
        (["--canary", "{2}"], "shouted has no version but for its canary"),
        (["--admin", "--host", "0.0.0.0"], "everybody who reaches 0.0.0.0"),
    ],
)
def test_bundles_that_do_not_go_together(
    project: tuple[Path, str, str, str], capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    """What makes no sense is said before anything is loaded."""
    root, *digests = project
    given = [word.format(*digests) for word in words]
    extra = ["--no-auth"] if "--admin" in words else []
    assert main(["serve", "--project", os.fspath(root), "--port", "0", *given, *extra]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "loading" not in error


@pytest.mark.slow
def test_every_worker_follows_a_change(project: tuple[Path, str, str, str]) -> None:
    """A change that one worker was asked for is made by all before it is answered; one that fails is made by none."""
    root, first, second, shouted = project
    with started(root, first[:12], "--workers", "2", "--admin") as one:
        url = one.url
        with load(url, 4) as asked:
            assert ask(url, "letters/load", bundle=second[:12]).status_code == 200
            assert answering(url) == {second[:12]}
            served = {f"{first[:12]} spare", f"{second[:12]} default"}
            assert all(each == served for each in roles(url))
            refused = ask(url, "shouted/load", bundle=shouted[:12])
            assert (refused.status_code, "helpers.py" in refused.json()["error"]) == (422, True)
            assert all(each == served for each in roles(url))
            assert ask(url, "letters/unload", version=first[:12]).status_code == 200
            assert ready(url) == 2
        assert (asked.lost, set(asked.statuses)) == ([], {200})
        assert ask(url, "shouted/load", bundle=shouted).status_code == 200
        assert all(f"{shouted[:12]} default" in each for each in roles(url))
        one.end()


@pytest.mark.slow
def test_a_worker_that_is_replaced_begins_with_what_is_served(project: tuple[Path, str, str, str]) -> None:
    """What the service was started with has been unloaded: the new worker serves what the others do."""
    root, first, second, _ = project
    with started(root, first[:12], "--workers", "2", "--admin") as one:
        url = one.url
        assert ask(url, "letters/load", bundle=second[:12]).status_code == 200
        assert ask(url, "letters/unload", version=first[:12]).status_code == 200
        for worker in workers(one.process.pid):
            os.kill(worker, signal.SIGKILL)
            until(lambda killed=worker: killed not in workers(one.process.pid))  # type: ignore[misc]
            until(lambda: ready(url) == 2)
        assert answering(url) == {second[:12]}
        assert all(each == {f"{second[:12]} default"} for each in roles(url))
        assert ask(url, "letters/load", bundle=first[:12], canary_percent=100).status_code == 200
        assert answering(url) == {first[:12]}
        # Each on a connection of its own, and so with any of the workers.
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            parts = [first[:12], second[:12]] * 6
            asked = pool.map(lambda part: ask(url, f"letters/versions/{part}/default").status_code, parts)
            assert {200} <= set(asked) <= {200, 409}
        assert len({frozenset(each) for each in roles(url)}) == 1
        assert ready(url) == 2
        one.end()
