"""`noteship retrain` on a real project: data that moved, judged, and taken over."""

from __future__ import annotations

import random

import pytest

from cli.projects import Project
from ingestion import web_server

TRAIN = """
import joblib, pandas as pd
from sklearn.linear_model import LogisticRegression
d = pd.read_csv('data/raw.csv')
m = LogisticRegression().fit(d[['a', 'b']], d['label'])
joblib.dump(m, 'model.joblib')
"""
SETTINGS = """
[service]
steps = ["model.joblib"]
data = "data/raw.csv"
inputs = ["a", "b"]
target = "label"
reproduces = []
[validate]
gates = ["accuracy >= 0.7"]
robustness = false
[retrain]
on = ["data"]
then = "promote"
at_most = "1 per 1s"
"""


def rows(seed: int, *, noise: float) -> bytes:
    """300 rows, of which this share is labelled by chance."""
    chance = random.Random(seed)
    lines = ["a,b,label"]
    for _ in range(300):
        a, b = chance.gauss(0, 1), chance.gauss(0, 1)
        right = "yes" if a + b > 0 else "no"
        lines.append(f"{a:.4f},{b:.4f},{chance.choice(('yes', 'no')) if chance.random() < noise else right}")
    return "\n".join(lines).encode()


@pytest.mark.slow
def test_data_that_moved_are_learned_and_bad_ones_refused(project: Project) -> None:
    """What passes becomes champion, what does not is refused and leaves it, and nothing is due where nothing moved."""
    project.write("train.py", TRAIN)
    with web_server.serving() as site:
        site.files["/raw.csv"] = rows(1, noise=0.0)
        project.write("noteship.toml", f'{SETTINGS}[data.raw]\nfrom = "{site.address}/raw.csv"\nto = "data/raw.csv"\n')
        first = project.json("retrain", "--if-due")
        assert (first["state"], first["occasions"][0]["told"]) == ("promoted", "data.raw has moved")
        waiting = project.call("retrain", "--if-due")
        assert (waiting.code, waiting.out) == (0, "not due: nothing happened of data\n")
        site.files["/raw.csv"] = rows(2, noise=1.0)
        refused = project.call("retrain", "--reason", "labels of March")
        assert refused.code == 1
        assert "\nrefused: gate accuracy >= 0.7: accuracy 0." in f"\n{refused.out}"
        site.files["/raw.csv"] = rows(3, noise=0.0)
        second = project.json("retrain", "--if-due")
        assert second["state"] == "promoted"
    past = project.json("retrain", "--history")["retrainings"]
    assert [each["state"] for each in past] == ["promoted", "refused", "promoted"]
    promotions = project.json("promote", "--history")["promotions"]
    assert [each["bundle"] for each in promotions] == [
        past[0]["steps"]["run"]["bundle"],
        first["steps"]["run"]["bundle"],
    ]
    assert project.call("retrain", "--history").out.splitlines()[0].split() == [
        "when",
        "(UTC)",
        "state",
        "as",
        "what",
        "came",
        "of",
        "it",
    ]
