"""The store's errors."""

from __future__ import annotations

import pickle

import pytest

from noteship.store import errors

ALL = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", ALL)
def test_an_error_says_the_fact_the_place_and_the_remedy(kind: type) -> None:
    """Each has an example with at least a fact, where it is, and what to do."""
    parts = kind.example().parts()
    assert parts.fact
    assert parts.where
    assert parts.remedy
    assert str(kind.example()) == str(parts)


@pytest.mark.parametrize("kind", ALL)
def test_an_error_crosses_processes(kind: type) -> None:
    """Pickling keeps the class and the message."""
    there = pickle.loads(pickle.dumps(kind.example()))
    assert type(there) is kind
    assert str(there) == str(kind.example())


def test_only_what_may_go_away_is_worth_a_retry() -> None:
    """A silent server, a lost race and a file being written may be tried again."""
    retryable = {kind.__name__ for kind in ALL if kind.retryable}
    assert retryable == {"StoreUnreachable", "RefMoved", "SourceChanged"}
