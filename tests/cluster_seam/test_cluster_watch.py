"""What a watch does when connections break off and versions are forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cluster_seam.api_server import Asked, Said, serving
from noteship.cluster import errors
from noteship.cluster.cluster import LogsOf, Selection, Until

MAPS = Selection("v1", "ConfigMap")
GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}


def thing(name: str, version: int) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team-a", "uid": f"u-{name}", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def listing(version: int, *things: dict[str, Any], more: str = "") -> Said:
    return Said(body={"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(things)})


def event(what: str, each: dict[str, Any]) -> dict[str, Any]:
    return {"type": what, "object": each}


def in_turn(lists: list[Said], watches: list[Said]) -> Callable[[Asked], Said]:
    """Answers to listings and to watches, each in turn; the last one again and again."""

    def answer(asked: Asked) -> Said:
        several = watches if asked.query.get("watch") else lists
        return several.pop(0) if len(several) > 1 else several[0]

    return answer


def told(
    answer: Callable[[Asked], Said], folder: Path, wanted: int
) -> tuple[list[tuple[str, str]], list[dict[str, str]]]:
    """So many changes, and what the watches asked for."""
    stop, found = threading.Event(), []
    with serving(answer) as server, server.opened(folder, token="t") as cluster:
        for change in cluster.watch(MAPS, Until(stop, 20)):
            found.append((change.what, change.thing["metadata"]["name"]))
            if len(found) == wanted:
                stop.set()
        return found, [each.query for each in server.asked if each.query.get("watch")]


def test_a_broken_connection_goes_on_from_the_last_version(tmp_path: Path) -> None:
    """Nothing is listed anew, and nothing told twice."""
    first = Said(lines=[event("ADDED", thing("b", 11)), event("MODIFIED", thing("a", 12))], is_cut=True)
    second = Said(lines=[event("MODIFIED", thing("a", 12)), event("ADDED", thing("c", 13)), lambda: time.sleep(1)])
    found, asked = told(in_turn([listing(10, thing("a", 5))], [first, second]), tmp_path, 4)
    assert found == [("added", "a"), ("added", "b"), ("modified", "a"), ("added", "c")]
    assert [each["resourceVersion"] for each in asked[:2]] == ["10", "12"]


def test_a_bookmark_moves_the_version(tmp_path: Path) -> None:
    """And is no change of an object."""
    mark = {"type": "BOOKMARK", "object": {"kind": "ConfigMap", "metadata": {"resourceVersion": "99"}}}
    first = Said(lines=[mark])
    second = Said(lines=[event("ADDED", thing("b", 100)), lambda: time.sleep(1)])
    found, asked = told(in_turn([listing(10)], [first, second]), tmp_path, 1)
    assert found == [("added", "b")]
    assert asked[1]["resourceVersion"] == "99"
    assert asked[0]["allowWatchBookmarks"] == "true"


@pytest.mark.parametrize("forgotten", [Said(lines=[GONE]), Said(410, {"kind": "Status", "code": 410})])
def test_a_forgotten_version_is_listed_anew(forgotten: Said, tmp_path: Path) -> None:
    """What went meanwhile is told as deleted, what did not change is not told again."""
    lists = [listing(10, thing("a", 5), thing("b", 6)), listing(50, thing("a", 5), thing("c", 40))]
    last = Said(lines=[event("DELETED", thing("a", 51)), lambda: time.sleep(1)])
    found, asked = told(in_turn(lists, [forgotten, last]), tmp_path, 5)
    assert found == [("added", "a"), ("added", "b"), ("added", "c"), ("deleted", "b"), ("deleted", "a")]
    assert asked[1]["resourceVersion"] == "50"


def test_an_object_that_took_a_name_is_another_one(tmp_path: Path) -> None:
    """Though it has the same name."""
    other = thing("a", 40)
    other["metadata"]["uid"] = "another"
    lists = [listing(10, thing("a", 5)), listing(50, other)]
    quiet = Said(lines=[lambda: time.sleep(1)])
    found, _ = told(in_turn(lists, [Said(lines=[GONE]), quiet]), tmp_path, 3)
    assert found == [("added", "a"), ("added", "a"), ("deleted", "a")]


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    """In the middle of a watch, too."""
    busy = Said(503, {"kind": "Status", "code": 503, "message": "etcd has no leader"})
    last = Said(lines=[event("ADDED", thing("a", 11)), lambda: time.sleep(1)])
    found, _ = told(in_turn([listing(10)], [busy, busy, busy, busy, last]), tmp_path, 1)
    assert found == [("added", "a")]


def test_a_refusal_in_the_middle_ends_it(tmp_path: Path) -> None:
    """A right that was taken away does not come back by itself."""
    said = 'configmaps is forbidden: User "ada" cannot watch resource "configmaps" in API group "" in the namespace "a"'
    refused = Said(403, {"kind": "Status", "code": 403, "reason": "Forbidden", "message": said})
    with pytest.raises(errors.RightMissing, match="watch configmaps"):
        told(in_turn([listing(10)], [Said(lines=[event("ADDED", thing("a", 11))]), refused]), tmp_path, 9)


def test_a_server_that_is_not_there_at_the_start_is_told_at_once(tmp_path: Path) -> None:
    """Patience is for what was there."""
    with serving(in_turn([listing(10)], [listing(10)])) as server, server.opened(tmp_path, token="t") as cluster:
        cluster.resources("v1")
        closed = server.url
    with pytest.raises(errors.ClusterUnreachable, match=closed):
        next(cluster.watch(MAPS))
    cluster.close()


def test_pages_are_put_together(tmp_path: Path) -> None:
    """Each is asked for with what the one before gave."""
    lists = [listing(10, thing("b", 1), more="next"), listing(10, thing("a", 2))]
    with serving(in_turn(lists, [])) as server, server.opened(tmp_path, token="t") as cluster:
        assert [each["metadata"]["name"] for each in cluster.list(MAPS)] == ["a", "b"]
        assert [each.query.get("continue") for each in server.asked[1:]] == [None, "next"]


def test_a_forgotten_page_is_asked_for_anew(tmp_path: Path) -> None:
    """All at once, as the server advises; nothing is there twice."""
    expired = Said(410, {"kind": "Status", "code": 410, "reason": "Expired"})
    lists = [listing(10, thing("a", 1), more="next"), expired, listing(20, thing("a", 1), thing("b", 2))]
    with serving(in_turn(lists, [])) as server, server.opened(tmp_path, token="t") as cluster:
        assert [each["metadata"]["name"] for each in cluster.list(MAPS)] == ["a", "b"]
        assert "limit" not in server.asked[-1].query


def test_logs_that_are_followed_end_when_it_is_time(tmp_path: Path) -> None:
    """While the container says nothing; what it said before has come."""
    going_on = threading.Event()
    said = Said(kind="text/plain", lines=[b"one", b"tw\xffo", lambda: going_on.wait(20)])
    with serving(lambda _: said) as server, server.opened(tmp_path, token="t") as cluster:
        began = time.monotonic()
        assert list(cluster.logs(LogsOf("a", follow=True), Until(timeout_s=0.7))) == ["one", "tw\ufffdo"]
        assert time.monotonic() - began < 5
        going_on.set()


def test_logs_that_break_off_are_told_of(tmp_path: Path) -> None:
    """Half of them does not look like all."""
    said = Said(kind="text/plain", lines=[b"one"], is_cut=True)
    with serving(lambda _: said) as server, server.opened(tmp_path, token="t") as cluster:
        lines = cluster.logs(LogsOf("a"))
        assert next(lines) == "one"
        with pytest.raises(errors.ClusterUnreachable, match="broke"):
            next(lines)
