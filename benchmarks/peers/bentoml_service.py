"""A model behind BentoML, with its adaptive batching."""

from __future__ import annotations

import os

import bentoml
import joblib
import numpy

LARGEST, PATIENCE_MS = 100, int(os.environ.get("BENCH_PATIENCE_MS", "1000"))


@bentoml.service(workers=1, logging={"access": {"enabled": False}}, metrics={"enabled": True})
class Model:
    """Labels of as many rows as the batching has put together."""

    def __init__(self) -> None:
        self._model = joblib.load(os.environ["BENCH_MODEL"])

    @bentoml.api(batchable=True, max_batch_size=LARGEST, max_latency_ms=PATIENCE_MS)
    def text(self, rows: list[str]) -> list[str]:
        """Labels of messages."""
        return [str(each) for each in self._model.predict(rows)]

    @bentoml.api(batchable=True, max_batch_size=LARGEST, max_latency_ms=PATIENCE_MS)
    def forest(self, rows: numpy.ndarray) -> list[str]:
        """Labels of rows of numbers."""
        return [str(each) for each in self._model.predict(rows)]
