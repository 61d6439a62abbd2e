"""Several processes at one search, and what is left of those that are gone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from noteship import store, tuning
from noteship.tuning import sharing

SPACE = tuning.Space.from_json({"x": {"low": 0, "high": 11}})
FOLDER = "tunings/one/trials"


class Quiet:
    def began(self, number: int, parameters: Mapping[str, Any]) -> None:
        pass

    def reported(self, number: int, step: int, value: float) -> None:
        pass

    def ended(self, trial: tuning.Trial) -> None:
        pass

    def stopped(self, number: int) -> None:
        pass


@pytest.fixture
def kept_in(tmp_path: Path) -> store.Store:
    return store.open_store(None, tmp_path)


def trial(number: int, x: int = 0) -> tuning.Trial:
    return tuning.Trial(number, {"x": x}, "done", float(x))


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_several_at_one_search_try_no_point_twice(kept_in: store.Store, sampler: str) -> None:
    """Searches that begin at the same time make the trials of the limit together, each of another point."""
    tried: list[int] = []
    start = threading.Barrier(3)

    def objective(parameters: Mapping[str, Any], _report: Any, _cancel: threading.Event) -> tuning.Measured:
        tried.append(parameters["x"])
        time.sleep(0.002)
        return tuning.Measured(parameters["x"])

    ended: list[tuning.Searched] = []

    def work() -> None:
        search = tuning.Search(SPACE, tuning.Method("minimize", sampler))
        start.wait()
        ended.append(search.run(objective, tuning.Limits(10, jobs=2), Quiet(), sharing.Shared(kept_in, FOLDER)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(ended) == 3
    assert len(tried) == len(set(tried)) == 10
    found = sharing.Shared(kept_in, FOLDER).look()
    assert [each.number for each in found.trials] == list(range(10))
    assert sorted(each.parameters["x"] for each in found.trials) == sorted(tried)
    assert not found.elsewhere


def test_a_claim_is_seen_until_it_is_kept_or_dropped(kept_in: store.Store) -> None:
    """What one is at, others see with its point; a number is claimed once, and what has ended is news once."""
    one, other = sharing.Shared(kept_in, FOLDER), sharing.Shared(kept_in, FOLDER)
    one.look(), other.look()
    assert one.claim(0, {"x": 3})
    assert not other.claim(0, {"x": 4})
    assert other.look() == sharing.News((), {0: {"x": 3}})
    assert one.look() == sharing.News()
    assert one.keep(trial(0, 3)) == trial(0, 3)
    assert other.look() == sharing.News((trial(0, 3),))
    assert other.look() == one.look() == sharing.News()
    assert one.claim(1, {"x": 5})
    one.drop(1)
    assert other.look() == sharing.News()
    assert other.claim(1, {"x": 6})


@pytest.mark.slow  # a process loads the store
def test_a_killed_process_leaves_its_number_free(kept_in: store.Store, tmp_path: Path) -> None:
    """What a process was at that was killed is tried again at once, under the same number."""
    code = (
        "import sys, time; from pathlib import Path; from noteship import store; from noteship.tuning import sharing\n"
        f"one = sharing.Shared(store.open_store(None, Path(sys.argv[1])), {FOLDER!r})\n"
        "print(one.claim(0, {'x': 1}), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"True\n"
        here = sharing.Shared(kept_in, FOLDER)
        assert list(here.look().elsewhere) == [0]
        process.kill()
        process.wait()
    assert here.look() == sharing.News()
    assert here.claim(0, {"x": 1})
    assert here.keep(trial(0)).number == 0


def test_who_is_silent_is_gone_and_loses_nothing(kept_in: store.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim of another machine counts while it is renewed; of one that slept the trial gets another number."""
    slept, here = sharing.Shared(kept_in, FOLDER), sharing.Shared(kept_in, FOLDER)
    assert slept.claim(0, {"x": 1})
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100)
    monkeypatch.setattr(sharing, "SEEN_S", 0.0)
    slept.seen()
    monkeypatch.setattr(time, "time", lambda: now + 200)
    assert list(here.look().elsewhere) == [0]
    monkeypatch.setattr(time, "time", lambda: now + 300)
    assert here.look() == sharing.News()
    assert here.claim(0, {"x": 2})
    slept.seen()
    assert slept.keep(trial(0, 1)).number == 1
    assert here.keep(trial(0, 2)).number == 0


def test_what_another_version_has_written_stays(kept_in: store.Store) -> None:
    """A record that is no trial and no claim of this version keeps its number, and stops nothing."""
    kept_in.write_ref(f"{FOLDER}/000000", {"version": 9, "claimed": {"by": "x"}}, expected=None)
    here = sharing.Shared(kept_in, FOLDER)
    assert here.look().elsewhere == {0: {}}
    assert here.keep(trial(0)).number == 1
