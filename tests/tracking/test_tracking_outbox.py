"""What waits to be told: order, holds, refusals; what it looks like to the server."""

from __future__ import annotations

import math
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.projects import Project
from noteship import store
from noteship.digests import Digest
from noteship.operations import judgements, telling
from noteship.operations.gc import gc
from noteship.operations.opened import OpenedProject
from noteship.tracking import Event, Outbox, address, deliver, delivering, entry, outbox
from noteship.tracking.reaching import obstacle
from operations.judged_bundles import bundle_of, judge

SERVER = "http://127.0.0.1:1"


@pytest.fixture
def objects(tmp_path: Path) -> store.Store:
    return store.open_store("memory:", tmp_path)


def event(name: str, kind: Any = "run", body: Mapping[str, Any] | None = None, **other: Any) -> Event:
    whole = {"run": "r1", "state": "done", "by": "ada", "stages": {}} if body is None else body
    return Event(name, kind, other.pop("server", SERVER), "mail", "mail", 1000, 3500, body=whole, **other)


def test_events_wait_in_their_order(objects: store.Store) -> None:
    """What was put first is told first, each server's own; what is removed does not wait any more."""
    outbox = Outbox(objects)
    for name in ("2", "1", "3"):
        outbox.put(event(name, server="http://elsewhere" if name == "1" else SERVER))
    assert [each.id for each in outbox.waiting()] == ["1", "2", "3"]
    assert outbox.next(SERVER) == event("2")
    outbox.remove(event("2"))
    assert outbox.next(SERVER) == event("3") and outbox.count(SERVER) == 1
    assert outbox.next("http://nobody") is None


def test_refused_events_are_kept_aside(objects: store.Store) -> None:
    """What the server does not take is kept with the reason, once, however often it is set aside."""
    outbox = Outbox(objects)
    outbox.put(event("1"))
    for _ in range(2):
        outbox.refuse(event("1"), "it was deleted there")
    assert outbox.waiting() == []
    [refused] = outbox.refused()
    assert (refused.event, refused.why) == (event("1"), "it was deleted there")


def test_what_another_version_wrote_waits_for_that_one(objects: store.Store) -> None:
    """It is neither told wrongly nor lost, and stops nothing else."""
    outbox = Outbox(objects)
    objects.write_ref("tracking/waiting/1", {**event("1").to_json(), "version": 99}, expected=None)
    objects.write_ref("tracking/waiting/2", {"of": "another form"}, expected=None)
    outbox.put(event("3"))
    assert outbox.waiting() == [event("3")] and outbox.next(SERVER) == event("3")
    assert len(list(objects.refs("tracking/waiting/"))) == 3


def test_one_tells_at_a_time(objects: store.Store) -> None:
    """Who holds the outbox holds it again; another one waits until it is let go, and finds what it came to."""
    first, second = Outbox(objects), Outbox(objects)
    assert first.hold(0) and first.hold(0)
    assert not second.hold(0)
    threading.Timer(0.1, first.let_go, [SERVER, "connection refused"]).start()
    assert second.hold(5)
    assert second.fault(SERVER) == "connection refused"
    first.let_go(SERVER, "too late")
    second.let_go(SERVER, "")
    assert first.fault(SERVER) == ""


def test_a_killed_holder_holds_for_a_minute_only(objects: store.Store) -> None:
    """A hold ends by itself."""
    over = {"holder": "gone", "until": time.time() - 1, "fault": ""}
    objects.write_ref("tracking/delivery", over, expected=None)
    assert Outbox(objects).hold(0)


def test_a_server_that_is_away_leaves_all_waiting(objects: store.Store) -> None:
    """Nothing is lost, MLflow's client is not even loaded, and the reason is known to the next one."""
    outbox = Outbox(objects)
    outbox.put(event("1"))
    begun = time.monotonic()
    delivered = deliver(objects, SERVER, wait_s=0)
    assert time.monotonic() - begun < 1
    assert (delivered.told, delivered.refused, delivered.fault) == (0, 0, "connection refused")
    assert (outbox.count(SERVER), outbox.fault(SERVER)) == (1, "connection refused")
    assert outbox.hold(0)
    assert deliver(objects, SERVER, wait_s=0).busy


def test_what_keeps_one_server_from_being_told_is_no_news_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what waits a verb notes what is for the server that is named, and what the last attempt failed of there."""
    monkeypatch.setattr(telling, "_start", lambda _: None)
    opened = OpenedProject.at(tmp_path)
    kept = judge(opened, bundle_of(opened, "one"))
    told = judgements.read(opened.store, kept)
    Outbox(opened.store).put(event("1"))
    deliver(opened.store, SERVER, wait_s=0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////srv/mlflow.db")
    assert [telling.judged(opened, kept, told) for _ in range(2)] == [(), ()]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)
    assert telling.judged(opened, kept, told) == ("2 events wait for MLflow: connection refused",)


def test_what_an_older_version_noted_of_a_fault_is_of_no_server(objects: store.Store) -> None:
    """It does not say at which server it was; the next attempt does."""
    older = {"holder": "", "until": 0.0, "fault": "connection refused", "stuck": None}
    objects.write_ref("tracking/delivery", older, expected=None)
    box = Outbox(objects)
    assert box.fault(SERVER) == ""
    box.put(event("1"))
    deliver(objects, SERVER, wait_s=0)
    assert box.fault(SERVER) == "connection refused"


def test_nothing_that_waits_is_nothing_to_do(objects: store.Store) -> None:
    """Without anything to tell nobody is asked, and nothing is written."""
    assert deliver(objects, SERVER, wait_s=0).told == 0
    assert list(objects.refs("tracking/")) == []


def test_obstacles_are_told_in_few_words() -> None:
    """A name that nobody knows, a port where nobody listens; what somebody answers on is no obstacle."""
    assert obstacle("http://nobody.invalid") in ("its name is not known", "")
    assert obstacle("http://127.0.0.1:99999")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert obstacle(f"http://127.0.0.1:{listening.getsockname()[1]}") == ""


@given(st.text("abc:/@?#.=é% ", max_size=20), st.text("abcé.%", min_size=1, max_size=8))
def test_secrets_of_addresses_are_never_kept(start: str, secret: str) -> None:
    """Neither the password nor the words that a server is asked with are in what is kept or shown."""
    uri = f"https://ada:{secret}SECRET@example.org/{start.partition('@')[0]}?token={secret}SECRET"
    assert "SECRET" not in address(uri)


def test_a_run_is_told_with_parameters_and_times() -> None:
    """Parameters by stage, seconds of what was executed, the state of each stage, and how it ended."""
    stages = {
        "n/02-train": {"state": "executed", "seconds": 1.5, "params": {"depth": 8, "names": ["a"]}},
        "01": {"state": "reused", "seconds": 9.0, "params": {}},
    }
    told = entry.entry_of(event("1", body={"run": "r1", "state": "failed", "by": "ada", "stages": stages}))
    assert told is not None
    assert (told.key, told.name, told.status) == ("1", "run r1", "FAILED")
    assert told.params == {"n/02-train.depth": "8", "n/02-train.names": '["a"]'}
    assert told.metrics == {"seconds": 2.5, "n/02-train.seconds": 1.5}
    assert told.tags["noteship.stage.01.state"] == "reused"


def test_a_judgement_is_told_with_intervals_and_gates() -> None:
    """What has no value is left out; gates say what they found."""
    body = {
        "passed": False,
        "judged": "clone",
        "params": {"split": "time", "positive": None},
        "metrics": {"f1": [0.9, 0.8, None], "mcc": [None, None, None]},
        "costs": {"p99_ms": 3.0, "work_mean": math.nan},
        "gates": [["f1 >= 0.95", False, "f1 0.9 < 0.95"]],
    }
    told = entry.entry_of(event("1", "judgement", body, bundle="ab" * 32))
    assert told is not None
    assert told.metrics == {"f1": 0.9, "f1.low": 0.8, "p99_ms": 3.0}
    assert told.params == {"split": "time"}
    assert told.tags["noteship.gate.1"] == "FAILED: f1 >= 0.95 (f1 0.9 < 0.95)"
    assert told.name == "validate abababababab"


def test_a_search_is_one_run_however_often_it_goes_on() -> None:
    """Trials are runs within the search's; keys do not depend on the event."""
    trials = [{"number": 1, "parameters": {"a": 1}, "value": 0.4, "state": "done", "seconds": 2.0}]
    trials.append({"number": 2, "parameters": {"a": 2}, "value": None, "state": "failed", "seconds": 1.0})
    body = {"search": "s1", "metric": "f1", "direction": "maximize", "state": "done", "trials": trials}
    first, second = (entry.entry_of(event(name, "search", body)) for name in "12")
    assert first is not None and first == second
    assert first.metrics == {"best/f1": 0.4, "trials": 2.0}
    assert [(each.key, each.status) for each in first.children] == [
        ("search-s1-1", "FINISHED"),
        ("search-s1-2", "FAILED"),
    ]


def test_names_and_values_are_as_servers_take_them() -> None:
    """Letters that servers refuse are replaced, and what is too long is cut."""
    stages = {"ä\n;" + "x" * 300: {"state": "executed", "seconds": 1.0, "params": {"p": "y" * 9000}}}
    told = entry.entry_of(event("1", body={"run": "r", "state": "done", "by": "ada", "stages": stages}))
    assert told is not None
    assert all(len(name) <= 250 and name.startswith("___xxx") for name in told.params)
    assert all(len(value) <= 500 for value in told.params.values())


def test_without_a_server_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where MLFLOW_TRACKING_URI is not set, verbs leave nothing, and `noteship tracking` says what is missing."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    opened = OpenedProject.at(tmp_path)
    kept = judge(opened, bundle_of(opened, "one"))
    assert telling.judged(opened, kept, judgements.read(opened.store, kept)) == ()
    assert list(opened.store.refs("tracking/")) == []
    answer = Project(tmp_path).call("tracking")
    assert answer.code == 3 and "MLFLOW_TRACKING_URI" in answer.err


def test_without_the_client_there_is_a_note_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is named and no library to speak to it: one note, the same exit code, nothing written."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    opened = OpenedProject.at(tmp_path)
    judge(opened, bundle_of(opened, "one"))
    project = Project(tmp_path)
    answer = project.call("promote", "latest")
    assert answer.code == 0
    assert answer.err.count("MLFLOW_TRACKING_URI is set, and MLflow's client is not installed") == 1
    assert list(opened.store.refs("tracking/")) == []
    assert project.call("tracking").code == 3


def test_what_waits_is_not_freed(tmp_path: Path) -> None:
    """The bundle and the pages that an event names stay until it was told."""
    opened = OpenedProject.at(tmp_path)
    kept = judge(opened, bundle_of(opened, "one"))
    opened.store.delete_ref("names/latest")
    files = {"report.html": kept.pages["report"]}
    Outbox(opened.store).put(event("1", bundle=kept.bundle, files=files))
    for path in (tmp_path / ".noteship/store/objects").rglob("*"):
        os.utime(path, (0, 0))
    gc(opened, 1, dry_run=False)
    assert set(Outbox(opened.store).needed()) == {kept.bundle, kept.pages["report"]}
    assert opened.store.has(kept.pages["report"])
    assert opened.store.holds(store.Artifact(Digest(kept.bundle), "folder", 0))


class Server:
    """Takes all that it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def enter(self, _experiment: str, told: entry.Entry, _files: Mapping[str, Path]) -> str:
        if told.key == "breaks":
            raise RuntimeError("something new")
        self.told.append(told.key)
        return "r1"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    there = Server()
    monkeypatch.setattr(delivering, "_client", lambda _server: there)
    return there


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "a//b", "", "a\0b"])
def test_files_of_events_stay_in_their_folder(objects: store.Store, server: Server, name: str) -> None:
    """An event whose files would be written elsewhere is no event, and none of the others waits for it."""
    hostile = {**event("1").to_json(), "files": {name: "ab" * 32}}
    objects.write_ref(f"{name_of('1')}", hostile, expected=None)
    Outbox(objects).put(event("2"))
    assert deliver(objects, SERVER, wait_s=0).told == 1
    assert server.told == ["2"]
    assert Outbox(objects).waiting() == []


def name_of(each: str) -> str:
    return outbox._name(event(each))


@pytest.mark.parametrize("change", [{"kind": "other"}, {"bundle": "ab"}, {"files": {"a": "b"}}, {"ended_ms": "x"}])
def test_what_is_no_event_is_not_read(change: Mapping[str, Any]) -> None:
    """Others may write to the store: kinds, digests and times are looked at."""
    with pytest.raises(TypeError):
        Event.from_json({**event("1").to_json(), **change})


def test_an_unsound_event_stops_nothing(objects: store.Store, server: Server) -> None:
    """An event whose body is not of its form is refused, and the next one is told."""
    box = Outbox(objects)
    box.put(event("1", body={"run": "r1", "state": "done", "by": "ada"}))
    box.put(event("2"))
    delivered = deliver(objects, SERVER, wait_s=0)
    assert (delivered.told, delivered.refused, server.told) == (1, 1, ["2"])
    assert [each.why for each in box.refused()] == ["it is not of its form: KeyError"]


def test_what_noteship_breaks_at_is_set_aside_at_the_third_time(objects: store.Store, server: Server) -> None:
    """Twice the fault is shown; then the event is set aside, and the next one is told."""
    box = Outbox(objects)
    box.put(event("breaks"))
    box.put(event("later"))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            deliver(objects, SERVER, wait_s=0)
        assert box.fault(SERVER) == "a fault that `noteship tracking` shows"
    delivered = deliver(objects, SERVER, wait_s=0)
    assert (delivered.told, delivered.refused, server.told) == (1, 1, ["later"])
    assert [each.why for each in box.refused()] == ["noteship breaks at it: RuntimeError"]


def test_waiting_for_another_server_costs_nothing(objects: store.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first event of a server is found by one read, whatever waits for others."""
    box = Outbox(objects)
    for number in range(20):
        box.put(event(f"{number:02}", server="http://old"))
    box.put(event("99"))
    read = []
    real = objects.read_ref
    monkeypatch.setattr(objects, "read_ref", lambda name: read.append(name) or real(name))
    assert box.next(SERVER) == event("99")
    assert len(read) == 1


def test_what_waits_for_nobody_is_dropped_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--forget` drops all of a server, or one event; what is not there is told."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    project, box = Project(tmp_path), Outbox(OpenedProject.at(tmp_path).store)
    for name in ("1", "2", "3"):
        box.put(event(name, server="http://old" if name != "3" else SERVER))
    box.put(event("4"))
    box.refuse(event("4"), "why")
    assert project.call("tracking", "--forget", "http://ada:secret@old/").code == 0
    assert [each.id for each in box.waiting()] == ["3"]
    assert project.call("tracking", "--forget", "3").code == project.call("tracking", "--forget", "4").code == 0
    assert (box.waiting(), box.refused()) == ([], [])
    answer = project.call("tracking", "--forget", "3")
    assert answer.code == 2 and "nothing waits for 3" in answer.err


def test_the_old_is_let_go(objects: store.Store) -> None:
    """After 90 days a refused event is dropped, and one that waits keeps nothing any more, yet waits."""
    box = Outbox(objects)
    for day, aside in (("20200101", False), ("20200102", True), ("21000101", False), ("21000102", True)):
        name = f"{day}T000000000000Z-abcdef"
        box.put(event(name, bundle=day * 8))
        if aside:
            box.refuse(event(name, bundle=day * 8), "why")
    box.forget_old()
    assert [each.event.id[:4] for each in box.refused()] == ["2100"]
    assert [each.id[:4] for each in box.waiting()] == ["2020", "2100"]
    assert set(box.needed()) == {"21000101" * 8}


def test_a_store_that_is_away_for_a_moment_loses_no_hold(objects: store.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who tells asks again; once its time is over, it knows that others may tell."""
    for module in (delivering, outbox):
        monkeypatch.setattr(module, "HELD_S", 0.6)
    box, real, away = Outbox(objects), objects.read_ref, threading.Event()

    def read_ref(name: str) -> store.Ref | None:
        if away.is_set():
            raise store.errors.StoreUnreachable("s3://team", "http://s", "it is away")
        return real(name)

    monkeypatch.setattr(objects, "read_ref", read_ref)
    assert box.hold(0)
    with delivering._held(box) as is_held:
        away.set()
        time.sleep(0.4)
        away.clear()
        time.sleep(0.4)
        assert is_held() and not Outbox(objects).hold(0)
        away.set()
        time.sleep(0.8)
        assert not is_held()
        away.clear()
        assert Outbox(objects).hold(0)


@pytest.mark.parametrize("secret", ["p@ss", "p@s@s", "se/cret", "se?cret", "se#cret", "12/se", "1?x", "a:b@c"])
def test_passwords_of_any_letters_are_hidden(secret: str) -> None:
    """What is not certain to be no password is not shown."""
    shown = address(f"https://ada:{secret}@mlflow.example.org:5000/team")
    assert shown in ("https://mlflow.example.org:5000/team", "(hidden)")


@pytest.mark.parametrize(
    "uri", ["sqlite:///mlflow.db", "file:///a/b", "mlruns", "databricks://team", "http://[::1]:50"]
)
def test_addresses_without_secrets_are_shown_as_they_are(uri: str) -> None:
    """Files, databases and names of the client's own stay."""
    assert address(uri) == uri
