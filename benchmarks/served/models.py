"""The models that every server serves: a project whose notebook fits the steps, and the same steps in one file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import Pipeline, make_pipeline

__all__ = ["DEAR", "KINDS", "NOTESHIP", "Served", "prepare"]

NOTESHIP = (sys.executable, "-m", "noteship")
EXAMPLE = Path(__file__).parents[2] / "examples" / "austen"
# Real mail, as `./check --mail` takes it.
MAIL = os.environ.get("NOTESHIP_MAIL", "")
TEXT_LENGTH = 300
# Different rows in turn, so that no server gains by remembering the last one.
ROWS = 64

SERVICE = """
[service]
steps = {steps}
data = "data/rows.parquet"
inputs = {inputs}
target = "label"
"""
TEXT_NOTEBOOK = """
import joblib
import pandas as pd
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
===
rows = pd.read_parquet("data/rows.parquet")
features = make_pipeline(HashingVectorizer(n_features=1024), TfidfTransformer())
matrix = features.fit_transform(rows["text"])
===
model = LogisticRegression(max_iter=1000).fit(matrix, rows["label"])
===
joblib.dump(features, "features.sav")
joblib.dump(model, "model.sav")
"""
FOREST_NOTEBOOK = """
import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
===
rows = pd.read_parquet("data/rows.parquet")
model = RandomForestClassifier(50, random_state=0).fit(rows.drop(columns="label"), rows["label"])
===
joblib.dump(model, "model.sav")
"""
# What refusing a request costs is at least what HTTP costs, some 60 microseconds. At ten times the capacity nine of ten
# are refused: if that is to leave nine tenths of a core, scoring a row has to take 9 * 60 us / 0.1, about 5 ms. This
# takes some 20, and no batching makes it cheaper.
DEAR_MODULE = """
def prepare(frame):
    return frame.assign(text=[considered(text) for text in frame["text"]])


def considered(text):
    total = 0
    for number in range(300_000):
        total = (total * 31 + number) % 1_000_003
    return text if total >= 0 else ""
"""
DEAR_ROWS = 200


@dataclass(frozen=True)
class _Plan:
    """What a project is made of: its rows, its notebook, its steps, and modules beside them by name."""

    frame: pd.DataFrame
    notebook: str
    steps: list[str]
    modules: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """A fitted model: the project that noteship serves, the file that the others load, and rows with their labels.

    - values: the rows as a peer takes them: a text, or a list of numbers
    - objects: the same as noteship takes them
    - labels: scikit-learn's own
    """

    kind: str
    project: Path
    file: Path
    values: list[Any]
    objects: list[dict[str, Any]]
    labels: list[str]


def prepare(kind: str, place: Path) -> Served:
    """Write the project, run it with noteship, and put the fitted steps into one file for the peers."""
    plan = (KINDS | {DEAR: _dear})[kind]()
    frame, steps = plan.frame, plan.steps
    project = place / kind
    (project / "data").mkdir(parents=True)
    frame.to_parquet(project / "data" / "rows.parquet", index=False)
    inputs = [name for name in frame.columns if name != "label"]
    (project / "noteship.toml").write_text(SERVICE.format(steps=json.dumps(steps), inputs=json.dumps(inputs)))
    (project / "01-train.ipynb").write_text(json.dumps(_document(plan.notebook)))
    for name, source in plan.modules.items():
        (project / name).write_text(source)
    done = subprocess.run([*NOTESHIP, "run", "--project", str(project)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"noteship run failed for {kind}:\n{done.stderr[-2000:]}")
    model = _flat([joblib.load(project / name) for name in steps if (project / name).exists()])
    file = place / f"{kind}.joblib"
    joblib.dump(model, file)
    some = _spread(frame[inputs], ROWS)
    values = some["text"].tolist() if inputs == ["text"] else some.to_numpy().tolist()
    labels = [str(each) for each in model.predict(values)]
    if len(set(labels)) < 2:
        raise SystemExit(f"the rows of {kind} have one label, which a server could give without looking")
    objects = [dict(zip(inputs, row, strict=True)) for row in some.to_numpy().tolist()]
    return Served(kind, project, file, values, objects, labels)


def _text() -> _Plan:
    """Messages of 300 characters: real mail where it is there, else documents of the example's grammar."""
    if MAIL:
        whole = pd.read_parquet(MAIL, columns=["text", "label"])
    else:
        print("NOTESHIP_MAIL names no file of mail; texts are generated", file=sys.stderr)
        sys.path.insert(0, str(EXAMPLE))
        from documents import make_documents

        whole = make_documents(3000, 1811)[["text", "label"]]
        # The grammar's documents are shorter than mail.
        whole["text"] = (whole["text"] + " ") * 10
    whole = whole[whole["text"].str.len() >= TEXT_LENGTH].reset_index(drop=True)
    return _Plan(whole.assign(text=whole["text"].str[:TEXT_LENGTH]), TEXT_NOTEBOOK, ["features.sav", "model.sav"])


def _forest() -> _Plan:
    """Breast cancer's 30 columns of numbers."""
    data = load_breast_cancer(as_frame=True)
    names = {number: str(name) for number, name in enumerate(data.target_names)}
    return _Plan(data.data.assign(label=data.target.map(names)), FOREST_NOTEBOOK, ["model.sav"])


def _dear() -> _Plan:
    """The model of texts, behind a function that takes its time over each row."""
    text = _text()
    return _Plan(_spread(text.frame, DEAR_ROWS), text.notebook, ["dear:prepare", *text.steps], {"dear.py": DEAR_MODULE})


KINDS: dict[str, Callable[[], _Plan]] = {"text": _text, "forest": _forest}
DEAR = "dear"


def _spread(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """So many rows from all over the table: those of a label may stand together."""
    return frame.iloc[:: max(len(frame) // rows, 1)].head(rows)


def _flat(fitted: list[Any]) -> Pipeline:
    """One pipeline of all steps, without pipelines within, which cost time at every call.

    Peers are sent bare numbers, and a model that knows its columns' names would warn each time: it forgets them.
    """
    steps = [step for each in fitted for step in (dict(each.steps).values() if isinstance(each, Pipeline) else [each])]
    for step in steps:
        if hasattr(step, "feature_names_in_"):
            del step.feature_names_in_
    return make_pipeline(*steps)


def _document(cells: str) -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
            for i, cell in enumerate(cells.strip().split("\n===\n"))
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
