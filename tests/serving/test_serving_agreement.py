"""A canary and a shadow take what clients send for the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import numpy
import pandas
import pytest

from noteship import models, serving
from noteship.serving import errors

from .served import Served, served

AGE = models.Column("age", "integer", "int64")
SIZE = models.Column("size", "number", "float64", nulls="allowed")
NOTE = models.Column("note", "text", "object")
DAY = models.Column("day", "datetime", "datetime64[ns]")
KIND = models.Column("kind", "category", "object", categories=("new", "old"))
LEVEL = models.Column("level", "category", "object", categories=(1, 2.5))
DEFAULT = (AGE, SIZE, NOTE, DAY, KIND, LEVEL)
ROW = [3, 1.5, "a", "2026-01-01T00:00:00", "new", 1]
ZONED = replace(DAY, dtype="datetime64[ns, UTC]")
MORE = models.Column("more", "number", "float64")


def example(column: models.Column) -> Any:
    """A value that fits."""
    if column.type == "category":
        return column.categories[0]
    if column.type == "datetime":
        return "2026-01-01T00:00:00" + ("+00:00" if column.dtype.endswith("UTC]") else "")
    return {"integer": 3, "number": 1.5, "text": "a"}[column.type]


@dataclass(frozen=True, eq=False)
class Plain:
    """A scorer of zeros."""

    signature: models.Signature

    def score(self, frame: pandas.DataFrame) -> models.Scores:
        """Zeros."""
        return models.Scores(numpy.zeros(len(frame)), None, ())


@dataclass(frozen=True)
class Shelf:
    """A source of scorers with these fields, by the digit that their digests consist of."""

    inputs: Mapping[str, tuple[models.Column, ...]] = field(default_factory=dict)

    def find(self, bundle: str | None) -> serving.Entry:
        """By the digit."""
        return serving.Entry("rooms", str(bundle) * 64)

    def load(self, entry: serving.Entry) -> serving.Model:
        """Make it."""
        inputs = self.inputs[entry.digest[0]]
        row = {column.name: example(column) for column in inputs}
        signature = models.Signature(inputs, models.Output("rent", "regression"), row)
        return serving.Model("rooms", entry.digest, Plain(signature))


def changed(column: models.Column, **fields: Any) -> tuple[models.Column, ...]:
    """The default's fields with one that is another."""
    return tuple(replace(each, **fields) if each is column else each for each in DEFAULT)


def ask(one: Served, bundle: str, **parameters: Any) -> httpx.Response:
    body = {"parameters": {"bundle": bundle, **parameters}}
    return one.client.post("/v2/repository/models/rooms/load", json=body)


def started(inputs: tuple[models.Column, ...], role: Any = "canary") -> serving.Versions:
    entries = serving.Entry("rooms", "1" * 64), serving.Entry("rooms", "2" * 64, role=role, percent=5)
    return serving.Versions(Shelf({"1": DEFAULT, "2": inputs}), serving.Plan(entries))


DIFFERENT = [
    ((*DEFAULT, MORE), "'more' (a number) is no field of the default"),
    (changed(AGE, type="text", dtype="object"), "'age' is text, and in the default an integer"),
    (changed(SIZE, type="integer", dtype="Int64"), "'size' is an integer, and in the default a number"),
    (changed(KIND, categories=(1, 2)), "'kind' is a number, and in the default text"),
    ((*DEFAULT[:3], ZONED, *DEFAULT[4:]), "a date and time with an offset from UTC, and in the default a date and"),
]
ONLY_FOR_A_CANARY = [
    (changed(SIZE, nulls="refused"), "'size' may not be null, and in the default it may"),
    (DEFAULT[1:], "it has no field 'age'"),
    (DEFAULT[::-1], "its fields come in another order"),
]
ALIKE = [
    DEFAULT,
    changed(AGE, type="number", dtype="float64"),
    changed(AGE, nulls="allowed", minimum=5),
    changed(NOTE, type="category", categories=("a", "b")),
    changed(KIND, type="text", categories=()),
    changed(LEVEL, type="number", dtype="float64", categories=()),
]


@pytest.mark.parametrize(("inputs", "said"), [*DIFFERENT, *ONLY_FOR_A_CANARY])
def test_a_canary_with_other_fields_is_not_begun_with(inputs: tuple[models.Column, ...], said: str) -> None:
    """A canary that would refuse what is right for the default keeps the service from starting; fields are named."""
    with pytest.raises(errors.FieldsDiffer) as caught, served(started(inputs)):
        pass
    assert (caught.value.version, caught.value.role, caught.value.default) == ("2" * 12, "canary", "1" * 12)
    assert said in str(caught.value)


@pytest.mark.parametrize("inputs", ALIKE)
def test_a_canary_may_take_more(inputs: tuple[models.Column, ...]) -> None:
    """Nulls, other ranges, and numbers where there were integers are no fault; the canary takes the default's rows."""
    with served(started(inputs)) as one:
        answer = one.client.post("/predict", json=[ROW], headers={"X-Noteship-Version": "canary"})
        assert (answer.status_code, answer.headers["x-model-version"]) == (200, "2" * 12)


@pytest.mark.parametrize(("inputs", "said"), DIFFERENT)
def test_a_shadow_with_other_fields_is_not_begun_with(inputs: tuple[models.Column, ...], said: str) -> None:
    """A shadow asks for no field, and no type, that the default's rows do not have."""
    with pytest.raises(errors.FieldsDiffer) as caught, served(started(inputs, "shadow")):
        pass
    assert (caught.value.role, said in str(caught.value)) == ("shadow", True)


@pytest.mark.parametrize("inputs", [*ALIKE, *(inputs for inputs, _ in ONLY_FOR_A_CANARY)])
def test_a_shadow_may_do_with_less(inputs: tuple[models.Column, ...]) -> None:
    """It is given fields by name; rows that it refuses nevertheless are counted, and reach nobody."""
    with served(started(inputs, "shadow")) as one:
        assert one.predict([ROW]).status_code == 200


def test_operators_cannot_set_a_canary_with_other_fields() -> None:
    """Neither directly nor by a new default beside it: 422 names the fields, and what was served goes on."""
    shelf = Shelf({"1": DEFAULT, "2": (*DEFAULT, MORE), "3": DEFAULT})
    versions = serving.Versions(shelf, serving.Plan((shelf.find("1"),)))
    with served(versions, is_open_to_admin=True) as one:
        refused = ask(one, "2", canary_percent=5)
        assert (refused.status_code, "'more' (a number) is no field" in refused.json()["error"]) == (422, True)
        assert ask(one, "2", shadow=True).status_code == 422
        assert [each["role"] for each in one.client.post("/v2/repository/index").json()] == ["default"]
        assert ask(one, "2", default=False).status_code == 200
        assert ask(one, "3", canary_percent=5).status_code == 200
        path = f"/v2/repository/models/rooms/versions/{'2' * 12}/default"
        refused = one.client.post(path)
        assert (refused.status_code, "it has no field 'more'" in refused.json()["error"]) == (422, True)
        roles = {each["version"][0]: each["role"] for each in one.client.post("/v2/repository/index").json()}
        assert roles == {"1": "default", "2": "spare", "3": "canary"}


def test_of_many_differences_some_are_named() -> None:
    """A message names so many fields and counts the rest."""
    inputs = tuple(replace(MORE, name=f"more{number}") for number in range(9))
    differences = tuple(f"'{column.name}' (a number) is no field of the default" for column in inputs)
    text = str(errors.FieldsDiffer("rooms", "2" * 12, "canary", "1" * 12, differences))
    assert "'more4'" in text
    assert "'more5'" not in text
    assert "and 4 more" in text
