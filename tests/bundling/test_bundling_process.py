"""A request and its result as files of JSON, carried out in a process of its own."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from noteship import models, monitor
from noteship.bundling.__main__ import main
from noteship.store import open_store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of a scaler and a model, with its request."""
    random = numpy.random.default_rng(4)
    raw = pandas.DataFrame(random.normal(size=(400, 12)), columns=[f"c{number}" for number in range(12)])
    raw["label"] = numpy.where(raw.c0 + raw.c1 * raw.c2 + random.normal(size=400) > 0, "yes", "no")
    inputs = tuple(raw.columns[:-1])
    raw.to_parquet(tmp_path / "raw.parquet")
    scaler = StandardScaler().fit(raw[list(inputs)])
    model = LogisticRegression(C=50).fit(scaler.transform(raw[list(inputs)]), raw.label)
    for name, value in (("s.pkl", scaler), ("m.pkl", model)):
        (tmp_path / name).write_bytes(pickle.dumps(value))
    return tmp_path


def asked(root: Path, **more: Any) -> dict[str, Any]:
    inputs = tuple(f"c{number}" for number in range(12))
    fields = {"target": "label", **more}
    request = models.BuildRequest(str(root), "p", ("s.pkl", "m.pkl"), "raw.parquet", inputs, **fields)
    return {**request.to_json(), "profile": {"seed": "5eed", "folds": 5, "tolerance": 0.1}}


def carried_out(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    (root / "request").write_text(json.dumps(request))
    main(root / "request", root / "result")
    result: dict[str, Any] = json.loads((root / "result").read_text())
    return result


def test_a_bundle_has_its_profile(root: Path) -> None:
    """It is a file of the bundle, of the digest that the description and the result name."""
    result = models.BuildResult.from_json(carried_out(root, asked(root, output=str(root / "b")))["result"])
    bundle = models.read(root / "b")
    assert bundle.profile_path is not None
    assert monitor.Profile.from_bytes(bundle.profile_path.read_bytes()).digest == result.profile["digest"]
    assert bundle.parts["profile"] == result.profile and result.profile["predictions"] == "out of fold"


def test_faults_come_in_their_four_parts(root: Path) -> None:
    """Whoever asked says them as its own."""
    request = {**asked(root, output=str(root / "b")), "steps": ["m.pkl", "s.pkl"]}
    told = carried_out(root, request)["error"]
    assert told["exit_code"] == 1 and "m.pkl" in told["fact"] and "s.pkl" in told["nearest"]


@pytest.mark.slow
def test_equal_requests_give_equal_bundles(root: Path) -> None:
    """Processes with other numbers of threads and other orders of sets make the same, profile and all."""
    digests = set()
    for threads, seed in (("1", "1"), ("2", "2")):
        output = root / f"bundle{threads}"
        (root / "request").write_text(json.dumps(asked(root, output=str(output))))
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, threads), "PYTHONHASHSEED": seed}
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        command = [sys.executable, "-m", "noteship.bundling", "request", "result"]
        subprocess.run(command, cwd=root, env=environment, check=True, timeout=60)
        assert "result" in json.loads((root / "result").read_text())
        digests.add(open_store("memory:", root).put_folder(output))
    assert len(digests) == 1
