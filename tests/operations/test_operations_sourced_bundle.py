"""A bundle of what a source brought: the version that the origin gives it is none of its matters."""

from __future__ import annotations

import pytest

from cli.projects import Project
from ingestion import web_server

CSV = "a,b,label\n" + "".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(60))
TRAIN = """
import joblib, pandas as pd
from sklearn.linear_model import LogisticRegression
d = pd.read_csv('data/raw.csv')
m = LogisticRegression().fit(d[['a', 'b']], d['label'])
joblib.dump(m, 'model.joblib')
pd.DataFrame({'p': m.predict(d[['a', 'b']])}).to_csv('predictions.csv', index=False)
"""


@pytest.mark.slow
def test_equal_data_of_another_version_give_the_same_bundle(project: Project) -> None:
    """Its lineage names the source and what came, and the digest is over these."""
    project.write("train.py", TRAIN)
    with web_server.serving() as site:
        site.files["/raw.csv"] = CSV.encode()
        project.write(
            "noteship.toml",
            '[service]\nsteps = ["model.joblib"]\ndata = "data/raw.csv"\ninputs = ["a", "b"]\ntarget = "label"\n'
            f'[data.raw]\nfrom = "{site.address}/raw.csv"\nto = "data/raw.csv"\n',
        )
        first = project.json("run")
        assert first["bundle"]["digest"]
        site.salt = b"the same bytes under another name"
        second = project.json("run")
    assert [stage["state"] for stage in second["stages"]] == ["executed", "reused"]
    assert second["bundle"]["digest"] == first["bundle"]["digest"]
