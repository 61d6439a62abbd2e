"""The protocol of noteship's own: rows as JSON in, predictions as JSON out; no HTTP in it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from noteship import models
from noteship.errors import cut
from noteship.serving import typed_json
from noteship.serving.model import Model
from noteship.serving.refusals import Refused

__all__ = ["Question", "answer", "bad_rows", "check_client_id", "check_count", "dumps", "parse"]

ENVELOPE = ("rows", "id")
# A client's own id is echoed: as long as any id that people use, and no longer.
CLIENT_ID_LIMIT = 200


@dataclass(frozen=True)
class Question:
    """The rows of one request, and the id by which the client knows it."""

    rows: models.Rows
    client_id: str | int | None = None


def parse(body: bytes, max_rows: int) -> tuple[Sequence[Any], str | int | None]:
    """The rows, not yet checked, and the client's id.

    Of `{"rows": [...], "id": ...}`, a bare list of rows, or one row as an object.

    Raises Refused: 400 when it is not JSON, 413 when it has too many rows, 422 when it is none of the three.
    """
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if body.strip() else "it is empty"
        raise Refused(400, f"the body is not JSON: {place}") from error
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        reason = "it is nested too deeply" if deep else "it is not UTF-8, or holds a number that JSON has not"
        raise Refused(400, f"the body is not JSON: {reason}") from error
    rows, client_id = _question(value)
    check_count(len(rows), max_rows)
    return rows, client_id


def check_count(rows: int, max_rows: int) -> None:
    """Raise Refused for too many rows."""
    if rows > max_rows:
        raise Refused(413, f"{rows} rows are too many for one request; send at most {max_rows}")


def check_client_id(client_id: Any) -> None:
    """Raise Refused for what is not an id: text in Unicode, an integer, or nothing."""
    if isinstance(client_id, bool) or not isinstance(client_id, str | int | None):
        raise Refused(422, "field 'id': expected text or an integer", {"field": "id"})
    if not isinstance(client_id, str):
        return
    if len(client_id) > CLIENT_ID_LIMIT:
        raise Refused(422, f"field 'id': expected at most {CLIENT_ID_LIMIT} characters", {"field": "id"})
    if not client_id.isascii() and any("\ud800" <= letter <= "\udfff" for letter in client_id):
        raise Refused(422, "field 'id': expected text in Unicode, got half a surrogate pair", {"field": "id"})


def answer(model: Model, scores: models.Scores, request_id: str, client_id: str | int | None) -> bytes:
    """The response's body: predictions, probabilities where the model has them, and who answered."""
    value: dict[str, Any] = {"predictions": scores.predictions.tolist()}
    if scores.probabilities is not None:
        names = model.class_names
        value["probabilities"] = [dict(zip(names, row, strict=True)) for row in scores.probabilities.tolist()]
    value |= {"model": model.name, "version": model.version, "id": request_id}
    if client_id is not None:
        value["client_id"] = client_id
    return typed_json.encode(value)


def bad_rows(error: models.errors.BadRows) -> Refused:
    """Rows that the signature refuses, for the client: where, what was expected, and what kind of thing came."""
    parts = error.parts()
    details = {"row": error.row, "field": error.field and cut(error.field, 60), "expected": error.expected}
    return Refused(422, f"{parts.where}: {parts.fact}" if parts.where else parts.fact, details | {"got": error.got})


def dumps(value: Any) -> bytes:
    """JSON without white space; ASCII, as a message may name a field that holds half a surrogate pair."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _question(value: Any) -> tuple[Sequence[Any], str | int | None]:
    if isinstance(value, list):
        return value, None
    if not isinstance(value, dict):
        raise Refused(422, 'expected {"rows": [...]}, a list of rows or one row as an object')
    if not isinstance(value.get("rows"), list):
        return [value], None
    check_client_id(value.get("id"))
    for name in value:
        if name not in ENVELOPE:
            near = difflib.get_close_matches(name, ENVELOPE, 1) or ["rows"]
            message = f"field '{cut(name, 60)}' beside 'rows' is not known; nearest: '{near[0]}'"
            raise Refused(422, message, {"field": cut(name, 60)})
    return value["rows"], value.get("id")


def _no_constant(_: str) -> float:
    raise ValueError("JSON has neither NaN nor Infinity")
