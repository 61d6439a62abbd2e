"""Loading steps and tables from what notebooks saved."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import sys
import textwrap
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy
import pandas
import pytest
import scipy.sparse
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from noteship import models
from noteship.models import errors
from noteship.models.importing import source_modules
from noteship.models.loading import load_steps

SCALER = StandardScaler().fit([[1.0], [3.0]])
FORMS = {
    "pickle": lambda path: path.write_bytes(pickle.dumps(SCALER)),
    "pickle, protocol 0": lambda path: path.write_bytes(pickle.dumps(SCALER, protocol=0)),
    "pickle in gzip": lambda path: path.write_bytes(gzip.compress(pickle.dumps(SCALER))),
    "pickle in bz2": lambda path: path.write_bytes(bz2.compress(pickle.dumps(SCALER))),
    "pickle in xz": lambda path: path.write_bytes(lzma.compress(pickle.dumps(SCALER))),
    "joblib": lambda path: joblib.dump(SCALER, path),
    "joblib, compressed": lambda path: joblib.dump(SCALER, path, compress=3),
    "cloudpickle": lambda path: path.write_bytes(cloudpickle.dumps(SCALER)),
    "skops": lambda path: skops.io.dump(SCALER, path),
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_step_loads_whatever_its_form(form: str, tmp_path: Path) -> None:
    """The form is told by the content, not by the name."""
    FORMS[form](tmp_path / "step.sav")
    (step,) = load_steps("step.sav", tmp_path)
    assert step.value.transform([[2.0]]).tolist() == [[0.0]] and len(step.digest) == 64


def test_several_steps_in_one_file_come_in_their_order(tmp_path: Path) -> None:
    """A dictionary, list or tuple of steps stands for them all; what is none is passed over."""
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"scaler": SCALER, "columns": ["x"], "again": SCALER}))
    assert [step.label for step in load_steps("a.pkl", tmp_path)] == ["a.pkl[scaler]", "a.pkl[again]"]


@pytest.mark.parametrize("value", [pandas.DataFrame({"a": [1]}), {"a": 1}, "text", LogisticRegression])
def test_what_neither_transforms_nor_predicts_is_no_step(value: Any, tmp_path: Path) -> None:
    """Tables, numbers and classes are not steps."""
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(value))
    with pytest.raises(errors.NotAStep, match=r"a\.pkl"):
        load_steps("a.pkl", tmp_path)


def test_a_step_that_is_not_fitted_is_told(tmp_path: Path) -> None:
    """The error names the file and the class."""
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(LogisticRegression()))
    with pytest.raises(errors.NotFitted, match="LogisticRegression that is not fitted"):
        load_steps("a.pkl", tmp_path)


def saved_from(module: str, code: str, expression: str, root: Path) -> None:
    """Save an object of a module that exists only while it is saved."""
    folder = root / "elsewhere"
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(textwrap.dedent(code))
    with source_modules([folder]):
        made = __import__(module)
        (root / "a.pkl").write_bytes(pickle.dumps(eval(expression, vars(made))))


def test_a_missing_module_is_named_with_the_command(tmp_path: Path) -> None:
    """The remedy is a command for this interpreter."""
    saved_from("nowhere_lib", "class Model:\n    def predict(self, X): return X\n", "Model()", tmp_path)
    with pytest.raises(errors.StepDoesNotUnpickle) as raised:
        load_steps("a.pkl", tmp_path)
    assert "nowhere_lib" in raised.value.reason
    assert f"{sys.executable} -m pip install nowhere_lib" in raised.value.remedy


def test_a_class_that_is_gone_is_named(tmp_path: Path) -> None:
    """A renamed class of a project module is told by its old name."""
    saved_from("own_steps", "class Old:\n    def predict(self, X): return X\n", "Old()", tmp_path)
    (tmp_path / "own_steps.py").write_text("class New: pass\n")
    with source_modules([tmp_path]), pytest.raises(errors.StepDoesNotUnpickle, match="own_steps has no Old"):
        load_steps("a.pkl", tmp_path)


def test_a_class_of_the_notebook_itself_is_told_to_move(tmp_path: Path) -> None:
    """What a notebook defined cannot be found by name anywhere else."""
    (tmp_path / "a.pkl").write_bytes(b"c__main__\nClean\n.")
    with pytest.raises(errors.StepDoesNotUnpickle, match="defined in the notebook itself"):
        load_steps("a.pkl", tmp_path)


@pytest.mark.parametrize("data", [b"", b"garbage", pickle.dumps(SCALER)[:50]])
def test_a_damaged_file_is_told(data: bytes, tmp_path: Path) -> None:
    """Any failure to unpickle names the file."""
    (tmp_path / "a.pkl").write_bytes(data)
    with pytest.raises(errors.StepDoesNotUnpickle, match=r"a\.pkl"):
        load_steps("a.pkl", tmp_path)


def test_functions_are_steps(tmp_path: Path) -> None:
    """module:function names a function of a project module; a wrong name is told."""
    (tmp_path / "shaping.py").write_text("def prepare(frame): return frame\n")
    with source_modules([tmp_path]):
        (step,) = load_steps("shaping:prepare", tmp_path)
        assert step.is_function and step.kind == "prepare"
        with pytest.raises(errors.StepDoesNotUnpickle, match="no function prepair"):
            load_steps("shaping:prepair", tmp_path)
        with pytest.raises(errors.StepDoesNotUnpickle, match="importing shapings"):
            load_steps("shapings:prepare", tmp_path)


FRAME = pandas.DataFrame({"0": [1.0, 2.0], "1": [3.0, 4.0]})
TABLES = {
    "a.parquet": FRAME.to_parquet,
    "a.csv": lambda path: FRAME.to_csv(path, index=False),
    "b.csv": FRAME.to_csv,
    "a.csv.gz": lambda path: FRAME.to_csv(path, index=False),
    "a.tsv": lambda path: FRAME.to_csv(path, index=False, sep="\t"),
    "a.feather": FRAME.to_feather,
    "a.jsonl": lambda path: FRAME.to_json(path, orient="records", lines=True),
    "a.json": lambda path: FRAME.to_json(path, orient="records"),
    "a.pkl": FRAME.to_pickle,
    "a.npy": lambda path: numpy.save(path, FRAME.to_numpy()),
    "a.npz": lambda path: numpy.savez(path, FRAME.to_numpy()),
    "b.npz": lambda path: scipy.sparse.save_npz(path, scipy.sparse.csr_matrix(FRAME.to_numpy())),
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_reads_whatever_its_form(name: str, tmp_path: Path) -> None:
    """Columns are named by text, an array's by their number."""
    TABLES[name](tmp_path / name)
    read = models.read_table(tmp_path / name)
    assert read.astype(float).to_dict("list") == FRAME.to_dict("list")


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.txt", "a.npy", "a.pkl", "missing.parquet"])
def test_what_is_no_table_is_told(name: str, tmp_path: Path) -> None:
    """The error names the file as the project does."""
    if name != "missing.parquet":
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(errors.UnreadableTable, match=rf"data/{name}"):
        models.read_table(tmp_path / name, f"data/{name}")
