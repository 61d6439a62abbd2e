"""A model as it is served: with what decodes its rows and what scores them together."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass

from noteship import models
from noteship.errors import NoteshipError
from noteship.serving.batching import Batcher, Measured
from noteship.serving.decoding import Decoder
from noteship.serving.errors import CanaryFailed
from noteship.serving.model import Model
from noteship.serving.refusals import Refused, place_of
from noteship.serving.worker import Worker

__all__ = ["Served", "prepare"]


@dataclass(frozen=True, eq=False)
class Served:
    """A model that has scored the example row of its own signature."""

    model: Model
    decoder: Decoder
    batcher: Batcher
    example: models.Scores

    @property
    def name(self) -> str:
        """By which clients ask for it."""
        return self.model.name

    @property
    def version(self) -> str:
        """By which clients ask for this one of several."""
        return self.model.version

    @functools.cached_property
    def told(self) -> tuple[tuple[bytes, bytes]]:
        """The header that says which version has answered."""
        return ((b"x-model-version", self.version.encode()),)


def prepare(model: Model, worker: Worker, measured: Measured) -> Served:
    """Make a model ready: its signature's example is scored as a request would be. Raises CanaryFailed."""
    decoder, batcher = Decoder(model.signature), Batcher(model.scorer, worker, measured)
    try:
        rows = decoder.rows([dict(model.signature.example)])
        begun = time.perf_counter()
        scores = batcher.score_now(rows)
        batcher.pace.measured(len(rows), time.perf_counter() - begun)
    except Refused as error:
        raise CanaryFailed(model.name, model.version, error.message) from error
    except NoteshipError:
        raise
    except Exception as error:
        # The steps are the project's code: they fail in any way.
        raise CanaryFailed(model.name, model.version, place_of(error)) from error
    return Served(model, decoder, batcher, scores)
