"""A model behind MLServer: a runtime of its own, since the one for scikit-learn takes no text."""

from __future__ import annotations

import os

import joblib
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

DECODED = {"text": StringCodec.decode_input, "forest": NumpyCodec.decode_input}


class Model(MLModel):
    """Labels of as many rows as the batching has put together."""

    async def load(self) -> bool:
        """Read the model."""
        self._decoded = DECODED[os.environ["BENCH_KIND"]]
        self._model = joblib.load(os.environ["BENCH_MODEL"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """One label a row."""
        labels = self._model.predict(self._decoded(payload.inputs[0]))
        output = StringCodec.encode_output("label", [str(each) for each in labels])
        return InferenceResponse(model_name=self.name, outputs=[output])
