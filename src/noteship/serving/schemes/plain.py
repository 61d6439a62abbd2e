"""noteship's own scheme: rows as JSON in, predictions as JSON out."""

from __future__ import annotations

import re

from noteship import models
from noteship.serving import messages
from noteship.serving.calls import Asked, Call, Reply, Target
from noteship.serving.limits import Limits
from noteship.serving.served import Served

__all__ = ["PlainScheme"]

PATH = re.compile(r"/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?/predict")


class PlainScheme:
    """`POST /predict` asks the default; `/models/NAME/predict` and `/models/NAME/versions/VERSION/predict` name one."""

    def target(self, path: str) -> Target | None:
        """Whom a path asks."""
        if path == "/predict":
            return Target(self, path)
        found = PATH.fullmatch(path)
        return Target(self, "/models/NAME/predict", found["name"], found["version"]) if found else None

    def call(self, served: Served, asked: Asked, limits: Limits) -> Call:
        """The rows of a body, as `Decoder.decode` takes them. Raises Refused."""
        question = served.decoder.decode(asked.body, limits.rows)

        def reply(scores: models.Scores) -> Reply:
            return Reply(messages.answer(served.model, scores, asked.id, question.client_id))

        return Call(question.rows, reply)
