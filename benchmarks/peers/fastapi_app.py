"""A model behind FastAPI as most tutorials put it there: a plain route that calls `predict`, and its metrics."""

from __future__ import annotations

import os
import time

import joblib
import prometheus_client
from fastapi import FastAPI
from pydantic import BaseModel

MODEL = joblib.load(os.environ["BENCH_MODEL"])
SECONDS = prometheus_client.Histogram("predict_seconds", "How long a prediction took.")

app = FastAPI()
app.mount("/metrics", prometheus_client.make_asgi_app())


class Message(BaseModel):
    """One row of the text model."""

    text: str


class Cells(BaseModel):
    """One row of the forest, its columns in the order of the training."""

    values: list[float]


class Answer(BaseModel):
    """The label."""

    label: str


@app.get("/health")
def health() -> dict[str, bool]:
    """The model is loaded before the first request is taken."""
    return {"ready": True}


@app.post("/text")
def text(row: Message) -> Answer:
    """Label of one message. Not `async`: the framework calls it on its threads."""
    return predicted([row.text])


@app.post("/forest")
def forest(row: Cells) -> Answer:
    """Label of one row of numbers."""
    return predicted([row.values])


def predicted(rows: list[str] | list[list[float]]) -> Answer:
    """The model's label of the only row."""
    begun = time.perf_counter()
    label = str(MODEL.predict(rows)[0])
    SECONDS.observe(time.perf_counter() - begun)
    return Answer(label=label)
