"""What was right, told later: labels for predictions that were answered, by request id and row; no HTTP in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from noteship import models
from noteship.errors import cut
from noteship.serving import typed_json
from noteship.serving.refusals import Refused

__all__ = [
    "ITEMS_LIMIT",
    "KNOWN",
    "Feedback",
    "Item",
    "Outcome",
    "checked_label",
    "packed",
    "parse",
    "reply",
    "unpacked",
]

# As many labels as fit into one message between workers, whatever they are.
ITEMS_LIMIT = 1000
TAKEN, KNOWN = 202, 200
ID_LIMIT = LABEL_LIMIT = 200
# Up to here every whole number is one of JSON's. A label that is wrong beyond all measure would be all of a mean.
MOST_NUMBER = 1 << 53
# So many classes are named to whoever sends another one.
CLASSES_TOLD = 20


@dataclass(frozen=True, slots=True)
class Item:
    """One label as it was sent: of a row, counted from 0, of a request."""

    request: str
    row: int
    label: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: taken, known from before, or the status and the message of a refusal."""

    status: int = TAKEN
    message: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A label that was taken, beside the prediction that the row got and the model that made it.

    - bundle: the digest of the model's
    - moment: when it was answered, in seconds since 1970
    """

    request_id: str
    row: int
    label: Any
    prediction: Any
    model: str
    version: str
    kind: Literal["classification", "regression"]
    bundle: str = ""
    moment: float = 0.0

    @property
    def is_agreed(self) -> bool:
        """Whether the prediction was the label, as both are in JSON."""
        return bool(self.label == self.prediction) or typed_json.encode(self.label) == typed_json.encode(
            self.prediction
        )

    @property
    def absolute_error(self) -> float:
        """How far a number that was predicted is from the label; 0 where the prediction is none."""
        difference = abs(float(self.label) - float(self.prediction))
        return difference if math.isfinite(difference) else 0.0


_one = typed_json.decoder(Item)
_several = typed_json.decoder(list[Item])
_outcomes = typed_json.decoder(list[Outcome])


def parse(body: bytes) -> tuple[list[Item], bool]:
    """The items of `{"request": ..., "row": ..., "label": ...}` or of a list of such, and whether it is a list.

    Raises Refused: 400 when it is not JSON, 413 when there are too many, 422 when it is of another shape.
    """
    is_list = body.lstrip().startswith(b"[")
    try:
        items = _several(body) if is_list else [_one(body)]
    except typed_json.NotJson as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    except typed_json.NotOfShape as error:
        message = f'expected {{"request": id, "row": number, "label": value}}, or a list of such: {cut(str(error))}'
        raise Refused(422, message) from error
    if len(items) > ITEMS_LIMIT:
        raise Refused(413, f"{len(items)} labels are too many for one request; send at most {ITEMS_LIMIT}")
    if not items:
        raise Refused(422, "expected at least one label")
    if any(len(item.request) > ID_LIMIT for item in items):
        raise Refused(422, "field 'request': expected an id that X-Request-Id told", {"field": "request"})
    return items, is_list


def checked_label(label: Any, output: models.Output) -> Any:
    """The label as the signature's target has it. Raises Refused: 422 for what cannot be one."""
    if output.kind == "regression":
        if isinstance(label, bool) or not _is_number(label):
            raise _bad_label("a number")
        if abs(label) > MOST_NUMBER:
            raise _bad_label("a number of at most 2 to the power of 53")
        return label
    for known in output.classes:
        if label == known and isinstance(label, bool) == isinstance(known, bool):
            return known
    if output.classes:
        told = ", ".join(typed_json.encode(known).decode() for known in output.classes[:CLASSES_TOLD])
        raise _bad_label(f"one of {cut(told)}{', …' if len(output.classes) > CLASSES_TOLD else ''}")
    if not (len(label) <= LABEL_LIMIT if isinstance(label, str) else _is_number(label)):
        raise _bad_label(f"a number, true, false, or text of at most {LABEL_LIMIT} characters")
    return label


def _is_number(label: Any) -> bool:
    """Whether it is one that a float64 can stand for; JSON has integers of any length."""
    try:
        return isinstance(label, int | float) and math.isfinite(label)
    except OverflowError:
        return False


def reply(outcomes: Sequence[Outcome], request_id: str, *, is_list: bool) -> dict[str, Any]:
    """What is told of items, at least one of which was taken. Raises Refused where none was: as the first of them."""
    refused = [(number, each) for number, each in enumerate(outcomes) if each.message]
    told = [{"item": number, "status": each.status, "error": each.message} for number, each in refused]
    if len(refused) == len(outcomes):
        raise Refused(outcomes[0].status, outcomes[0].message, {"refused": told} if is_list else {})
    counts = {"accepted": len(outcomes) - len(refused), "known": sum(each.status == KNOWN for each in outcomes)}
    return {**counts, **({"refused": told} if is_list else {}), "id": request_id}


def packed(values: Sequence[Item] | Sequence[Outcome]) -> bytes:
    """For another process of this program."""
    return typed_json.encode(list(values))


def unpacked(data: bytes, kind: type[Item] | type[Outcome]) -> Any:
    """The inverse of `packed`."""
    return _several(data) if kind is Item else _outcomes(data)


def _bad_label(expected: str) -> Refused:
    return Refused(422, f"field 'label': expected {expected}", {"field": "label"})
