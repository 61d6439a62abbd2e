"""The shapes that one model takes: `noteship score`, `noteship.load`, and the service; one law for all."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import noteship
from noteship import models, scoring, serving
from noteship.cli import score as cli_score
from noteship.cli.main import _parser, main
from noteship.cli.output import Output
from noteship.models.errors import SourceRefused
from noteship.operations.errors import NoBundle
from noteship.operations.opened import OpenedProject
from serving.served import letters_bundle, rents_bundle, served, shouted_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle."""
    return rents_bundle(tmp_path_factory.mktemp("made"))


@pytest.fixture
def opened(tmp_path: Path, bundle: Path) -> OpenedProject:
    """A project whose latest bundle is a real one."""
    return kept(tmp_path / "project", bundle)


def kept(root: Path, bundle: Path) -> OpenedProject:
    root.mkdir()
    opened = OpenedProject.at(root)
    digest = opened.store.put_folder(bundle)
    for name in (f"bundles/{digest}", "names/latest"):
        opened.store.write_ref(name, {"digest": digest, "name": "rents"}, expected=None)
    return opened


ROWS = pandas.DataFrame({"size": [40, 80, 120], "district": ["north", "south", "nowhere"], "id": [1, 2, 3]})


def test_load_takes_a_folder_a_name_or_a_digest(opened: OpenedProject, bundle: Path) -> None:
    """However it is named, it is the same model, with name, digest, signature, predictions and scores."""
    store = f"file:{opened.root}/.noteship/store"
    model = noteship.load(bundle)
    others = [
        noteship.load(project=opened.root),
        noteship.load("latest", project=opened.root),
        noteship.load(model.digest[:6], store=store),
        noteship.load(store=store),
    ]
    assert {other.digest for other in others} == {model.digest}
    assert [column.name for column in model.signature.inputs] == ["size", "district"]
    assert model.name == "rents"
    expected = model.predict(ROWS).tolist()
    assert len(expected) == 3
    assert all(other.predict(ROWS[::-1]).tolist() == expected[::-1] for other in others)
    assert len(model.score(ROWS[:0])) == 0
    with pytest.raises(models.errors.MissingColumns):
        model.predict(ROWS[["size"]])


def test_load_imports_source_only_where_it_is_trusted(tmp_path: Path) -> None:
    """A bundle's own source is imported when its whole digest is named, as everywhere."""
    folder = shouted_bundle(tmp_path)
    (tmp_path / "helpers.py").unlink()
    with pytest.raises(SourceRefused) as refused:
        noteship.load(folder)
    digest = refused.value.digest
    with pytest.raises(SourceRefused):
        noteship.load(folder, trust=[digest[:63]])
    model = noteship.load(folder, trust=[digest])
    assert model.predict(pandas.DataFrame({"text": ["my dear sister"]})).tolist() == ["letter"]


def test_load_without_a_bundle_is_said(tmp_path: Path) -> None:
    """A project without bundles has none to load."""
    with pytest.raises(NoBundle):
        noteship.load(project=tmp_path)


def test_noteship_itself_is_light() -> None:
    """Importing noteship imports none of what loading a model needs."""
    code = "import sys, noteship; print(*(name for name in sys.modules if name.startswith(('noteship', 'pandas'))))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found == ["noteship"]
    with pytest.raises(AttributeError):
        noteship.unload  # type: ignore[attr-defined]  # noqa: B018


def test_score_writes_the_scores(opened: OpenedProject, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`noteship score --json` prints what was done; a folder names a bundle as well as a name does."""
    ROWS.to_csv(opened.root / "in.csv", index=False)
    for number, name in enumerate(["latest", os.fspath(bundle)]):
        out = opened.root / f"out{number}.jsonl"
        words = ["score", name, os.fspath(opened.root / "in.csv"), os.fspath(out), "--keep", "id"]
        assert main([*words, "--project", os.fspath(opened.root), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert {key: told[key] for key in ("rows", "files", "bad_rows", "reused", "parts")} == {
            "rows": 3,
            "files": 1,
            "bad_rows": 0,
            "reused": 0,
            "parts": 1,
        }
        found = pandas.read_json(out, lines=True)
        assert found.id.tolist() == [1, 2, 3]
        assert numpy.allclose(found.prediction, noteship.load(bundle).predict(ROWS))


def test_score_says_which_row(opened: OpenedProject, capsys: pytest.CaptureFixture[str]) -> None:
    """A row that does not fit ends the work with 1, or is set aside and counted."""
    (opened.root / "in.csv").write_text("size,district\n40,north\nlarge,south\n")
    words = ["score", "latest", f"{opened.root}/in.csv", f"{opened.root}/out.csv", "--project", f"{opened.root}"]
    assert main(words) == 1
    assert "in.csv, row 1 (from 0), field 'size'" in capsys.readouterr().err
    assert main([*words, "--bad-rows", f"{opened.root}/bad.jsonl"]) == 0
    assert "1 did not fit" in capsys.readouterr().out
    assert len((opened.root / "bad.jsonl").read_text().splitlines()) == 1


class Terminal(io.StringIO):
    """Standard error of somebody who looks at it."""

    def isatty(self) -> bool:
        return True


def test_score_draws_a_bar_on_a_terminal(opened: OpenedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there is one line of how far it is; elsewhere there is none."""
    ROWS.to_csv(opened.root / "in.csv", index=False)
    monkeypatch.setenv("TERM", "xterm")
    drawn = {}
    for kind in (Terminal, io.StringIO):
        words = ["score", "latest", f"{opened.root}/in.csv", f"{opened.root}/out.csv", "--project", f"{opened.root}"]
        arguments = parsed(words)
        stream = kind()
        assert cli_score.run(arguments, Output(as_json=False, stdout=io.StringIO(), stderr=stream)) == 0
        drawn[kind] = stream.getvalue()
    assert "━" in drawn[Terminal]
    assert "╌" not in drawn[io.StringIO]
    assert len(drawn[io.StringIO].splitlines()) == 1


def parsed(words: list[str]) -> argparse.Namespace:
    arguments = _parser(words).parse_args(words)
    arguments.words = words
    return arguments


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, models.LoadedModel]:
    """Models of several kinds, each as it is loaded from its folder."""
    made = {"letters": letters_bundle, "rents": rents_bundle}
    return {name: noteship.load(make(tmp_path_factory.mktemp(name))) for name, make in made.items()}


CELLS = {
    "letters": {"text": st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)},
    "rents": {"size": st.integers(-(2**40), 2**40), "district": st.sampled_from(["north", "south", "x", "a,b", '"'])},
}


@pytest.mark.parametrize("name", list(CELLS))
def test_equal_rows_get_equal_predictions_in_every_shape(
    name: str, shapes: dict[str, models.LoadedModel], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """HTTP, `noteship score` from and to every form, and `noteship.load` agree, whatever the rows."""
    model = shapes[name]
    folder = tmp_path_factory.mktemp("law")

    with served(serving.Model(name, model.digest, model.scorer)) as service:

        @settings(max_examples=15)
        @example(
            rows=[{"text": "a"}, {"text": " "}, {"text": ""}] if name == "letters" else [{"size": 1, "district": ""}]
        )
        @given(rows=st.lists(st.fixed_dictionaries(CELLS[name]), min_size=1, max_size=12))
        def holds(rows: list[dict[str, object]]) -> None:
            frame = pandas.DataFrame(rows)
            expected = model.score(frame)
            answered = service.predict({"rows": rows}).json()
            assert same(answered["predictions"], expected.predictions)
            if expected.probabilities is not None:
                told = [list(row.values()) for row in answered["probabilities"]]
                assert numpy.allclose(told, expected.probabilities, rtol=0, atol=1e-12)
            frame.to_parquet(folder / "in.parquet")
            frame.to_csv(folder / "in.csv", index=False)
            (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            for form, target in (("parquet", "jsonl"), ("csv", "parquet"), ("jsonl", "csv")):
                source, out = scoring.spot(f"{folder}/in.{form}"), scoring.spot(f"{folder}/out.{target}")
                scoring.run(scoring.Job(source, out), model)
                assert same(written(folder / f"out.{target}")["prediction"].tolist(), expected.predictions)

        holds()


def written(path: Path) -> pandas.DataFrame:
    if path.suffix == ".parquet":
        return pandas.read_parquet(path)
    return pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_json(path, lines=True)


def same(found: list[object], expected: numpy.ndarray) -> bool:
    if expected.dtype.kind == "f":
        return bool(numpy.allclose(numpy.array(found, dtype=float), expected, rtol=1e-12))
    return found == expected.tolist()
