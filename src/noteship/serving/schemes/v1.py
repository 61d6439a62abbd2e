"""KServe's first protocol, which TensorFlow Serving began: instances in, predictions out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from noteship import models
from noteship.serving import messages, typed_json
from noteship.serving.calls import Asked, Call, Reply, Target
from noteship.serving.limits import Limits
from noteship.serving.refusals import Refused
from noteship.serving.served import Served

__all__ = ["V1Scheme"]

PATH = re.compile(r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[^/:]+))?:predict")
SPACE = b" \t\r\n"


@dataclass(slots=True)
class _Instances:
    """A request's JSON; `signature_name` and whatever else some clients send is passed over."""

    instances: typed_json.Raw


@dataclass(slots=True)
class _Values:
    instances: list[str | int | float | bool | None]


DECODE = typed_json.decoder(_Instances)
DECODE_VALUES = typed_json.decoder(_Values)


class V1Scheme:
    """`POST /v1/models/NAME:predict`, and `/v1/models/NAME/versions/VERSION:predict`."""

    def target(self, path: str) -> Target | None:
        """Whom a path asks."""
        found = PATH.fullmatch(path)
        return Target(self, "/v1/models/NAME:predict", found["name"], found["version"]) if found else None

    def is_slow(self, asked: Asked) -> bool:  # noqa: ARG002 - the seam's
        """Never: a body that is small is decoded quickly."""
        return False

    def call(self, served: Served, asked: Asked, limits: Limits) -> Call:
        """The instances: objects by field name, lists in the signature's order, or values for a model of one field.

        Raises Refused.
        """
        return Call(_rows(served, asked.body, limits.rows), _reply)


def _rows(served: Served, body: bytes, most_rows: int) -> models.Rows:
    try:
        instances = bytes(DECODE(body).instances)
        if not instances.startswith(b"["):
            raise Refused(422, "expected 'instances' to be a list of rows")
        is_plain = not instances[1:65].lstrip(SPACE).startswith((b"{", b"[", b"]"))
        if not is_plain or len(served.model.signature.inputs) > 1:
            return served.decoder.decode(instances, most_rows).rows
        values = DECODE_VALUES(body).instances
    except typed_json.NotJson as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    except typed_json.NotOfShape as error:
        raise Refused(422, f'the body is not {{"instances": [...]}}: {error}') from error
    messages.check_count(len(values), most_rows)
    return served.decoder.rows([[value] for value in values])


def _reply(scores: models.Scores) -> Reply:
    return Reply(typed_json.encode({"predictions": scores.predictions.tolist()}))
