"""From a body of JSON to checked rows: a quick way for what is right, and a slow one that says what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from noteship import models
from noteship.serving import messages
from noteship.serving.messages import Question
from noteship.serving.typed_json import NotOfShape, RowShape

__all__ = ["Decoder"]


class Decoder:
    """Decodes the bodies of one signature.

    Guarantee: what the quick way takes, the slow one takes as the same rows; what it does not, the slow one judges.
    """

    def __init__(self, signature: models.Signature) -> None:
        self._signature = signature
        self._shape = RowShape(signature)
        # A field of the model that is called like the envelope's is for the slow way to tell apart.
        self._is_quick = not any(column.name == "rows" for column in signature.inputs)

    def decode(self, body: bytes, max_rows: int) -> Question:
        """The rows of a body, in any of the forms that `messages.parse` takes. Raises Refused."""
        if self._is_quick:
            try:
                question = self._quickly(body, max_rows)
            except (NotOfShape, models.errors.BadRows, OverflowError):
                question = None
            if question is not None:
                return question
        rows, client_id = messages.parse(body, max_rows)
        return Question(self.rows(rows), client_id)

    def rows(self, rows: Sequence[Any]) -> models.Rows:
        """Checked rows of any JSON values: objects, or lists in the signature's order. Raises Refused."""
        try:
            return models.Rows.of_columns(self._signature, self._signature.columns(rows))
        except models.errors.BadRows as error:
            raise messages.bad_rows(error) from error

    def _quickly(self, body: bytes, max_rows: int) -> Question | None:
        tuples, client_id = self._shape.tuples(body)
        messages.check_client_id(client_id)
        if not 0 < len(tuples) <= max_rows:
            return None
        rows = models.Rows.of_tuples(self._signature, tuples)
        return None if rows is None else Question(rows, client_id)
