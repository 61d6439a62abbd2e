from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noteship import serving

from .asking import WAYS
from .served import Served, served

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40).map(lambda text: f"dear {text}")
RENTS = st.fixed_dictionaries(
    {"size": st.integers(-(10**6), 10**6), "district": st.sampled_from(["north", "south", "x"])}
)
LAW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def rented(rents: serving.Model) -> Iterator[Served]:
    """A running service of the rents."""
    with served(rents) as one:
        yield one


def asked_in_all_ways(one: Served, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {way: ask(one.client, name, rows) for way, ask in WAYS.items()}


@LAW
@given(rows=st.lists(st.fixed_dictionaries({"text": TEXTS}), min_size=1, max_size=5))
def test_texts_get_equal_labels_in_every_scheme(service: Served, rows: list[dict[str, Any]]) -> None:
    """Equal texts get equal labels, however they are asked for."""
    found = asked_in_all_ways(service, "letters", rows)
    assert all(labels == found["plain"] for labels in found.values()), found
    assert len(found["plain"]) == len(rows)


@LAW
@given(rows=st.lists(RENTS, min_size=1, max_size=5))
def test_rows_get_equal_numbers_in_every_scheme(rented: Served, rows: list[dict[str, Any]]) -> None:
    """Equal rows get equal predictions, however they are asked for."""
    found = asked_in_all_ways(rented, "rents", rows)
    assert all(numbers == found["plain"] for numbers in found.values()), found
