"""What a judgement notes of the searches that chose a bundle's parameters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from noteship import tuning
from noteship.operations.chosen import chosen_on, parted_by
from noteship.operations.opened import OpenedProject

SPACE = tuning.Space.from_json({"train.C": [1, 2]})


@pytest.fixture
def opened(tmp_path: Path) -> OpenedProject:
    """A project of which nothing is known."""
    return OpenedProject.at(tmp_path)


def searched(opened: OpenedProject, metric: str, seed: int = 0) -> str:
    """A search of which C = 2 was the best."""
    told = parted_by(replace(opened.settings.validate, seed=seed))
    begun = tuning.Begun("", "same", metric, "maximize", SPACE, "", told=told)
    book = tuning.Book(opened.store)
    found = book.begin(begun)
    for number, value in enumerate((0.7, 0.8)):
        book.add(found.id, tuning.Trial(number, {"train.C": number + 1}, "done", value))
    return found.id


def notes(opened: OpenedProject, parameter: int, stage: str = "train") -> list[str]:
    """Of a bundle whose stage was given C."""
    lineage = {"stages": [{"stage": stage, "params": {"C": parameter}}]}
    return list(chosen_on(opened, {"lineage": lineage}, opened.settings.validate))


def test_parameters_that_a_search_chose_by_a_file_are_noted(opened: OpenedProject) -> None:
    """What the file's metric was taken of, nobody knows, so it may be rows that are held out."""
    name = searched(opened, "metrics.json:f1")
    (note,) = notes(opened, 2)
    assert note.startswith(f"its parameters were chosen by search {name}, by metrics.json:f1: rows")
    assert notes(opened, 2, "notebooks/train") == [note]
    assert notes(opened, 1) == notes(opened, 2, "other") == []


def test_cross_validation_is_noted_where_it_held_out_other_rows(opened: OpenedProject) -> None:
    """With the same holdout and seed the rows that are held out were seen by no trial, and there is nothing to say."""
    searched(opened, "f1")
    assert notes(opened, 2) == []
    searched(opened, "f1", seed=1)
    (note,) = notes(opened, 2)
    assert note.endswith("which held out other rows: it may have looked at those held out here")


def test_a_search_of_another_version_stops_nothing(opened: OpenedProject) -> None:
    """What another version of noteship has searched is left out; the others are told."""
    searched(opened, "metrics.json:f1")
    opened.store.write_ref("tunings/29990101T000000000000Z-aaaaaa/begin", {"version": 9}, expected=None)
    assert len(notes(opened, 2)) == 1
