"""What is kept of packages and layers stays within its bound."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from noteship.images import pruning
from noteship.images.layers.cache import LayerCache
from noteship.images.layers.entry import Entry, Held
from noteship.images.layers.layer import Plan

HOUR_S = 3600
LONG_AGO_S = 40 * 86_400


def aged(folder: Path, age_s: float) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - age_s, time.time() - age_s))


def plan(letter: str) -> Plan:
    return Plan.of(letter, [Entry(f"opt/{letter}", Held(letter.encode() * 10_000))])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three layers, the first of them used last; and a package from between."""
    cache = LayerCache(tmp_path / "layers")
    for hours, letter in enumerate("abc", 2):
        before = set(tmp_path.rglob("*"))
        cache.layer(plan(letter))
        for path in set(tmp_path.rglob("*")) - before:
            os.utime(path, (time.time() - hours * HOUR_S, time.time() - hours * HOUR_S))
    wheel = tmp_path / "wheels/ab/a.whl"
    wheel.parent.mkdir(parents=True)
    wheel.write_bytes(b"w" * 10_000)
    os.utime(wheel, (time.time() - 3.5 * HOUR_S,) * 2)
    return tmp_path


def kept(folder: Path) -> set[str]:
    made = {letter for letter in "abc" if list(folder.glob(f"layers/*/{plan(letter).key}.tar.gz"))}
    return made | {path.name for path in folder.glob("wheels/*/*")}


@pytest.mark.parametrize(
    ("bound", "left"),
    [
        (100_000, {"a", "b", "c", "a.whl"}),
        (40_000, {"a", "b", "a.whl"}),
        (28_000, {"a", "b"}),
        (15_000, {"a"}),
        (0, set()),
    ],
)
def test_what_was_not_used_for_the_longest_goes(folder: Path, bound: int, left: set[str]) -> None:
    """What stays is within the bound, used later than all that went, and a layer goes with all that is said of it."""
    would = pruning.prune(folder, bound, dry_run=True)
    assert kept(folder) == {"a", "b", "c", "a.whl"}
    assert pruning.prune(folder, bound) == would
    assert kept(folder) == left
    assert would.kept_bytes <= bound and would.items == 4 - len(left)
    records = {path.name.partition(".")[0] for path in folder.glob("layers/*/*.json")}
    assert records == {plan(letter).key for letter in left & {*"abc"}}


def test_what_is_used_stays(folder: Path) -> None:
    """A layer that a build found there a moment ago is not deleted, whatever the bound."""
    LayerCache(folder / "layers").layer(plan("c"))
    pruning.prune(folder, 0)
    assert kept(folder) == {"c"}


def test_a_layer_that_went_is_made_again(folder: Path) -> None:
    """Also by who had found it before it went."""
    layer = LayerCache(folder / "layers").layer(plan("a"))
    aged(folder, LONG_AGO_S)
    pruning.prune(folder, 0)
    assert kept(folder) == set() and not list(folder.rglob("*.lock"))
    with layer.blob.open() as stream:
        assert len(stream.read()) == layer.blob.descriptor.size


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Nothing is kept, and nothing is wrong."""
    assert pruning.prune(tmp_path / "none", 0) == pruning.Pruned()
