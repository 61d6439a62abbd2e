"""noteship's own scheme: rows as JSON or a table in, predictions as JSON or a table out."""

from __future__ import annotations

import re
from collections.abc import Callable

from noteship import models
from noteship.serving import messages
from noteship.serving.calls import Asked, Call, Reply, Target
from noteship.serving.limits import Limits
from noteship.serving.model import Model
from noteship.serving.refusals import Refused
from noteship.serving.schemes.tables import TABLES, WRITERS, needs_arrow, read_rows
from noteship.serving.served import Served

__all__ = ["PlainScheme"]

PATH = re.compile(r"/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?/predict")
# What clients say of JSON: nothing, what it is, or what curl and browsers say where nobody told them.
SAID_OF_JSON = ("", "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded")


class PlainScheme:
    """`POST /predict` asks the default; `/models/NAME/predict` and `/models/NAME/versions/VERSION/predict` name one."""

    def target(self, path: str) -> Target | None:
        """Whom a path asks."""
        if path == "/predict":
            return Target(self, path)
        found = PATH.fullmatch(path)
        return Target(self, "/models/NAME/predict", found["name"], found["version"]) if found else None

    def is_slow(self, asked: Asked) -> bool:
        """Whether the body is a table."""
        return _content_type(asked) in TABLES

    def call(self, served: Served, asked: Asked, limits: Limits) -> Call:
        """The rows of JSON, as `Decoder.decode` takes them, or of a table. Raises Refused."""
        content_type, write = _content_type(asked), _writer(asked)
        if content_type in TABLES:
            rows = read_rows(content_type, asked.body, served.model.signature, limits)
            client_id = None
        elif content_type in SAID_OF_JSON or content_type.endswith("+json"):
            question = served.decoder.decode(asked.body, limits.rows)
            rows, client_id = question.rows, question.client_id
        else:
            raise Refused(415, f"the body's content type is not known; send application/json, {', '.join(TABLES)}")

        def reply(scores: models.Scores) -> Reply:
            if write is not None:
                return write(served.model, scores)
            return Reply(messages.answer(served.model, scores, asked.id, client_id))

        return Call(rows, reply)


def _content_type(asked: Asked) -> str:
    return asked.header(b"content-type").partition(";")[0].strip().lower()


def _writer(asked: Asked) -> Callable[[Model, models.Scores], Reply] | None:
    """What writes the answer where the client accepts a table; JSON is for everybody else."""
    accept = asked.header(b"accept")
    if accept in ("", "*/*"):
        return None
    found = next((kind for kind in WRITERS if kind in accept.lower()), None)
    if found is None:
        return None
    if found != "text/csv":
        needs_arrow()
    return WRITERS[found]
