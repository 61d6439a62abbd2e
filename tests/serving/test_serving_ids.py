from __future__ import annotations

import time
import uuid

import pytest

from noteship import serving
from noteship.serving.ids import moment_of, worker_of


def test_ids_grow_within_a_millisecond() -> None:
    """Many ids of one instant are different and in order."""
    ids = serving.RequestIds(clock_ns=lambda: 1_700_000_000_000_000_000)
    made = [ids.make() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_grow_when_the_clock_is_set_back() -> None:
    """A clock that jumps back does not make an id smaller than one before."""
    moments = iter([2_000_000_000_000_000_000, 1_000_000_000_000_000_000, 2_000_000_000_001_000_000])
    ids = serving.RequestIds(clock_ns=lambda: next(moments))
    first, second, third = ids.make(), ids.make(), ids.make()
    assert first < second < third


def test_an_id_tells_its_time() -> None:
    """The first 48 bits are the milliseconds since 1970, and version and variant are those of UUID 7."""
    made = uuid.UUID(serving.RequestIds().make())
    assert abs((made.int >> 80) / 1000 - time.time()) < 5
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


@pytest.mark.parametrize("place", range(9))
def test_an_id_has_one_form(place: int) -> None:
    """In capitals, with dashes elsewhere, or as a number can be written otherwise, it is none of ours."""
    made = serving.RequestIds(lambda: 1_795_400_400_000_000_000, worker=7).make()
    assert (moment_of(made), worker_of(made)) == (1_795_400_400.0, 7)
    digits = made.replace("-", "")
    other = (
        made.upper(),
        digits,
        f"{{{made}}}",
        f"{digits}----",
        f"-{digits[:4]}-{digits[4:]}--",
        f" {made[1:]}",
        f"{made[:1]}_{made[2:]}",
        f"{made}\n",
        f"{made[:14]}4{made[15:]}",
    )[place]
    assert (moment_of(other), worker_of(other)) == (None, None)
