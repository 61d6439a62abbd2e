from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from noteship import store, tuning

SPACE = tuning.Space.from_json({"x": {"low": 0.5, "high": 4.0}})


def begun(identity: str = "a") -> tuning.Begun:
    return tuning.Begun("", identity, "metrics.json:f1", "maximize", SPACE, "", 0.5, {"x": 1.0}, {"jobs": 2})


@pytest.mark.parametrize("url", ["memory:", None])
def test_what_is_written_is_read(url: str | None, tmp_path: Path) -> None:
    """A search and its trials are read as they were written, the trials by number."""
    book = tuning.Book(store.open_store(url, tmp_path))
    made = book.begin(begun())
    trials = [
        tuning.Trial(1, {"x": 2.5}, "pruned", 0.5, steps={0: 0.25, 10: 0.5}),
        tuning.Trial(0, {"x": 1.5}, "failed", why="no"),
        tuning.Trial(2, {"x": 3.5}, "done", 0.75, 0.01, seconds=1.5, own_seconds=1.25, run="r"),
    ]
    for each in trials:
        assert book.add(made.id, each) == each
    assert book.search("latest") == book.search(made.id) == made
    assert list(book.trials(made.id)) == sorted(trials, key=lambda each: each.number)


def test_a_number_that_is_taken_moves_on(tmp_path: Path) -> None:
    """Two processes that write the same number lose nothing: the second gets the next one."""
    book = tuning.Book(store.open_store("memory:", tmp_path))
    made = book.begin(begun())
    book.add(made.id, tuning.Trial(0, {"x": 1.5}, "done", 1.0))
    assert book.add(made.id, tuning.Trial(0, {"x": 2.5}, "done", 2.0)).number == 1
    assert [each.value for each in book.trials(made.id)] == [1.0, 2.0]


def test_the_last_of_an_identity_is_found(tmp_path: Path) -> None:
    """A search goes on only from one of its own identity, the latest."""
    book = tuning.Book(store.open_store("memory:", tmp_path))
    first, other = book.begin(begun("a")), book.begin(begun("b"))
    assert book.last("a") == first
    assert book.last("b") == other
    assert book.last("c") is None
    assert book.last("a") != book.begin(begun("a")) == book.last("a")


def test_a_search_that_is_not_there_is_named(tmp_path: Path) -> None:
    """An unknown name, and a start that several have, are errors that name what is there."""
    book = tuning.Book(store.open_store("memory:", tmp_path))
    with pytest.raises(tuning.errors.UnknownSearch, match="there is no search 'latest'"):
        book.search("latest")
    made = [book.begin(begun()) for _ in range(2)]
    with pytest.raises(tuning.errors.UnknownSearch, match="several searches"):
        book.search(made[0].id[:3])
    with pytest.raises(tuning.errors.UnknownSearch, match=made[1].id[:8]):
        book.search("x")


@pytest.mark.parametrize("value", [{"version": 2, "id": "x"}, {"version": 1, "id": "x"}, {}, []])
def test_a_search_of_another_version_stops_no_other(value: object) -> None:
    """A search, or a trial, that another version of noteship has written is left out."""
    kept_in = store.open_store("memory:", Path())
    book = tuning.Book(kept_in)
    made = book.begin(begun())
    kept_in.write_ref("tunings/29990101T000000000000Z-aaaaaa/begin", value, expected=None)
    kept_in.write_ref(f"tunings/{made.id}/trials/000000", value, expected=None)
    kept_in.write_ref(f"tunings/{made.id}/trials/000001", {"claimed": {}, "parameters": {}}, expected=None)
    assert list(book.every()) == [made]
    assert book.last("a") == made
    assert book.add(made.id, tuning.Trial(0, {"x": 1.0}, "done", 0.5)).number == 2
    assert [each.number for each in book.trials(made.id)] == [2]


def test_what_was_measured_last_counts() -> None:
    """A search that goes on has the parameters as they are now, and what they come to."""
    book = tuning.Book(store.open_store("memory:", Path()))
    made = book.begin(begun())
    now = replace(made, before=0.75, own={"x": 3.0})
    assert book.go_on(now) == now == book.search("latest")
