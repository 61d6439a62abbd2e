"""Served models are watched: what is asked and answered comes into windows, and into the metrics."""

from __future__ import annotations

import gc
import json
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy
import pytest
from prometheus_client.parser import text_string_to_metric_families

from noteship import digests, monitor, serving, store
from noteship.models import work
from noteship.models.compiled import CompiledScorer
from noteship.operations.opened import OpenedProject
from noteship.operations.shelf import Shelf
from noteship.serving.observing import joined
from noteship.serving.served import Served, prepare
from noteship.serving.work_sampling import WorkSampling
from noteship.serving.worker import Worker

from .served import LETTERS, letters_bundle, served
from .started import keep, started
from .watched import observed, profiled, with_profile

ROWS = [[letter] for letter in LETTERS]
START = 1_795_400_400
RENTS = [[20 + 3 * number, ["north", "south"][number % 2]] for number in range(40)]


@pytest.fixture(scope="module")
def watched_letters(letters: serving.Model) -> serving.Model:
    """A classification of texts, with a profile."""
    return profiled(letters, ROWS)


@pytest.fixture(scope="module")
def watched_rents(rents: serving.Model) -> serving.Model:
    """A regression, with a profile."""
    return profiled(rents, RENTS)


@pytest.fixture
def objects(tmp_path: Path) -> store.Store:
    """A store of its own."""
    return store.open_store("memory:", tmp_path)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A scoring thread."""
    one = Worker("scoring")
    yield one
    one.close(5)


def watch(objects: store.Store, window_s: int = 300) -> serving.Watch:
    return serving.Watch(monitor.Writer(objects, monitor.Settings(window_s=window_s)))


def pieces_of(objects: store.Store, digest: str) -> list[monitor.Piece]:
    found = []
    for place in monitor.places(objects):
        windows = monitor.Windows(objects, place)
        if place.version == digest:
            found += [piece for start in windows.starts() for piece in windows.pieces(start).pieces]
    return found


def merged(objects: store.Store, model: serving.Model) -> monitor.Sketch:
    assert model.profile is not None
    sketch = model.profile.sketch()
    for piece in pieces_of(objects, model.digest):
        sketch = sketch + (model.profile.read_sketch(piece.sketch) if piece.sketch else model.profile.sketch())
    return sketch


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def batch_of(served: Served, given: Any) -> serving.Batch:
    rows = served.decoder.rows(given)
    begun = time.perf_counter()
    scores = served.batcher.score_now(rows)
    served.batcher.pace.measured(len(rows), time.perf_counter() - begun)
    return serving.Batch.of_request(served.model, rows, scores, "an id", 0)


@pytest.mark.parametrize(("name", "rows"), [("watched_letters", ROWS), ("watched_rents", RENTS)])
def test_what_is_asked_and_answered_is_in_the_windows(
    name: str, rows: list[Any], objects: store.Store, request: pytest.FixtureRequest
) -> None:
    """A service's windows hold every row, as the profile's encoder sees it, and its prediction; and its end."""
    model: serving.Model = request.getfixturevalue(name)
    assert model.profile is not None
    with served(model, (watch(objects),)) as one:
        for start in range(0, 40, 8):
            assert one.predict(rows[start : start + 8]).status_code == 200
    sketch = merged(objects, model)
    encoded = model.profile.encoder.encode(observed(model, rows))
    expected = numpy.bincount(encoded.bins.ravel(), minlength=model.profile.encoder.total + 1)
    for detector in ("inputs", "predictions", "joint"):
        place = sketch.shape.detectors[detector]
        assert sketch.counts(detector).sum(axis=0).tolist() == expected[place].tolist()
    assert (sketch.rows, sketch.requests) == (40, 5)
    windows = monitor.Windows(objects, monitor.Place("local", model.name, model.digest))
    assert windows.boots()[0].ended is not None


def test_how_requests_went_is_in_the_windows(watched_letters: serving.Model, objects: store.Store) -> None:
    """Those that were answered, with their times, and those that were refused; of both ways to answer."""
    model = watched_letters
    with served(model, (watch(objects),)) as one:
        for _ in range(7):
            assert one.predict(ROWS[:2]).status_code == 200
        for _ in range(3):
            assert one.client.post("/predict", json={"rows": [{"nothing": 1}]}).status_code == 422
    calls = sum((piece.calls for piece in pieces_of(objects, model.digest)), monitor.Calls())
    assert (calls.answered, calls.failed, sum(calls.times.values())) == (7, 3, 7)


def test_a_canary_is_counted_in_terms_of_the_stable_profile_too(
    watched_letters: serving.Model, letters: serving.Model, objects: store.Store
) -> None:
    """Under a version that no listing shows; from when the other profile can be had."""
    stable = profiled(letters, ROWS[:20]).profile
    assert stable is not None and watched_letters.profile is not None
    assert stable.digest != watched_letters.profile.digest

    class Beside:
        asked = 0

        def found(self) -> tuple[str, monitor.Profile] | None:
            self.asked += 1
            return None if self.asked < 2 else ("5" * 64, stable)

    writer = monitor.Writer(objects, monitor.Settings())
    watching = serving.Watch(writer, Beside())
    with served(watched_letters, (watching,)) as one:
        for _ in range(2):
            writer.step()
        for rows in (ROWS[:8], ROWS[:5]):
            assert one.predict(rows).status_code == 200
    place = monitor.Place("local", watched_letters.name, watched_letters.digest)
    windows = monitor.Windows(objects, place.beside("5" * 64))
    pieces = [piece for start in windows.starts() for piece in windows.pieces(start).pieces]
    assert sum(stable.read_sketch(piece.sketch).rows for piece in pieces if piece.sketch) == 13
    assert merged(objects, watched_letters).rows == 13
    assert monitor.places(objects) == [place]


def test_metrics_tell_of_the_watching(watched_letters: serving.Model, objects: store.Store) -> None:
    """Rows watched and lost, pieces, and the distribution of work are told by model and version from the start."""
    model = watched_letters
    of_version = (("model", "letters"), ("release", "local"), ("version", model.version))
    with served(model, (watch(objects),)) as one:
        before = samples(one.client.get("/metrics").text)
        one.predict(ROWS)
        after = samples(one.client.get("/metrics").text)
    for found, rows in ((before, 0), (after, 40)):
        assert found["noteship_watched_rows_total", of_version] == rows
        assert found["noteship_watched_rows_lost_total", of_version] == 0
        assert found["noteship_windows_dropped_total", ()] == 0
        assert found["noteship_work_count", of_version] == rows
    bounds = [float(dict(labels)["le"]) for name, labels in after if name == "noteship_work_bucket"]
    assert bounds == sorted(bounds)
    # Those of every version line up.
    assert len(bounds) >= 4
    assert set(bounds[:-1]) <= {round(2 ** (power / 2)) for power in range(100)}


def ids_of(moment: int) -> serving.RequestIds:
    return serving.RequestIds(lambda: moment * 1_000_000_000)


def test_labels_count_for_the_window_of_their_prediction(
    watched_letters: serving.Model, watched_rents: serving.Model, objects: store.Store
) -> None:
    """Whenever they come, by version, each once; of classes with a table, of numbers with the differences."""
    with served(watched_letters, (watch(objects),)) as one:
        service = one.running.service
        for service.ids in (ids_of(START), ids_of(START + 300)):
            answer = one.predict(ROWS[:4]).json()
            labels = ["letter", *answer["predictions"][1:3]]
            items = [{"request": answer["id"], "row": row, "label": label} for row, label in enumerate(labels)]
            for _ in range(2):
                assert one.client.post("/feedback", json=items).json()["accepted"] == 3
    windows = monitor.Windows(objects, monitor.Place("local", "letters", watched_letters.digest))
    found = monitor.read_labels(windows)
    assert list(found) == [START, START + 300]
    assert [(each.labels, each.right) for each in found.values()] == [(3, 3)] * 2
    assert found[START].table == [("letter", "letter", 2), ("review", "review", 1)]
    with served(watched_rents, (watch(objects),)) as one:
        answer = one.predict(RENTS[:2]).json()
        label = answer["predictions"][0] + 10
        assert one.client.post("/feedback", json={"request": answer["id"], "row": 0, "label": label}).status_code == 202
    windows = monitor.Windows(objects, monitor.Place("local", "rents", watched_rents.digest))
    [(start, labels)] = monitor.read_labels(windows).items()
    assert abs(start - time.time()) < 400
    assert (labels.labels, labels.absolute, labels.squared) == pytest.approx((1, 10, 100))


def test_models_without_a_profile_are_not_watched(letters: serving.Model, objects: store.Store) -> None:
    """A bundle that has no profile is served, and nothing is written of it."""
    with served(letters, (watch(objects),)) as one:
        assert one.predict(ROWS[:2]).status_code == 200
    assert monitor.places(objects) == []


def test_a_profile_of_another_model_is_refused(
    letters: serving.Model, watched_rents: serving.Model, objects: store.Store, caplog: pytest.LogCaptureFixture
) -> None:
    """A model with the profile of other fields is served, not watched, and the log says so."""
    with served(replace(letters, profile=watched_rents.profile), (watch(objects),)) as one:
        assert one.predict(ROWS[:2]).status_code == 200
    assert monitor.places(objects) == []
    assert "its profile has other fields" in caplog.text


def test_versions_come_and_go(
    watched_letters: serving.Model, watched_rents: serving.Model, objects: store.Store, worker: Worker
) -> None:
    """A version that is loaded begins, one that is unloaded ends with its window, one that comes again begins anew."""
    first, second = (prepare(model, worker, lambda *_: None) for model in (watched_letters, watched_rents))
    one = watch(objects)
    for rows, every in ((1, [first]), (2, [first, second]), (4, [second]), (8, [first, second])):
        one.observe_served(every)
        one.observe(batch_of(first, ROWS[:rows]))
    one.close(1)
    boots = monitor.Windows(objects, monitor.Place("local", "letters", first.model.digest)).boots()
    assert len(boots) == 2
    assert all(boot.ended is not None for boot in boots)
    assert merged(objects, first.model).rows == 15
    assert sum(piece.rows for piece in pieces_of(objects, second.model.digest)) == 0
    (family,) = [family for family in one.families() if family.name == "noteship_watched_rows"]
    assert [sample.value for sample in family.samples] == [15, 0]


def test_rows_that_were_not_seen_are_told(
    watched_letters: serving.Model, objects: store.Store, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows that observers were not told of, and batches that cannot be encoded, count as lost."""
    first = prepare(watched_letters, worker, lambda *_: None)
    one = watch(objects)
    one.observe_served([first])
    one.observe_lost(first.model, 5)
    batch = batch_of(first, ROWS[:3])
    broken = replace(batch, scores=replace(batch.scores, probabilities=None))
    one.observe(broken)
    one.close(1)
    assert "were not counted: ValueError" in caplog.text
    assert [piece.lost for piece in pieces_of(objects, first.model.digest)] == [8]


def test_a_compiled_model_counts_while_it_scores(watched_letters: serving.Model, worker: Worker) -> None:
    """Its rows' work is what the plain counter counts, for so little that most batches are counted, joined or not."""
    first = prepare(watched_letters, worker, lambda *_: None)
    sampling = WorkSampling(first)
    counted = 0
    for number in range(100):
        pieces = [batch_of(first, ROWS[start : start + 8]) for start in range(number % 8, 32, 8)]
        (batch,) = joined(pieces)
        found = sampling.count(batch)
        if found is not None:
            assert found.tolist() == sampling_free(first, batch)
            counted += 1
    assert counted > 50


def test_rows_without_a_trace_are_counted_by_themselves(watched_letters: serving.Model, worker: Worker) -> None:
    """Rows that were left to the plain model are not joined with others, and are counted from the rows."""
    first = prepare(watched_letters, worker, lambda *_: None)
    sampling = WorkSampling(first)
    one, other = batch_of(first, ROWS[:3]), batch_of(first, ROWS[3:5])
    assert one.scores.trace is not None
    other = replace(other, scores=replace(other.scores, trace=None))
    batches = list(joined([one, one, other, other, one]))
    assert [len(batch.scores) for batch in batches] == [6, 4, 3]
    for batch in batches:
        found = sampling.count(batch)
        assert found is not None
        assert found.tolist() == sampling_free(first, batch)


def test_the_first_batches_are_counted(watched_letters: serving.Model, worker: Worker) -> None:
    """A short trial tells of its work, however long counting takes."""
    first = prepare(plain(watched_letters), worker, lambda *_: None)
    sampling = WorkSampling(first)
    assert all(sampling.count(batch_of(first, ROWS[:1])) is not None for _ in range(8))


def plain(model: serving.Model) -> serving.Model:
    assert isinstance(model.scorer, CompiledScorer)
    return replace(model, scorer=model.scorer.plain)


def test_counting_takes_a_tenth_of_scoring(watched_letters: serving.Model, worker: Worker) -> None:
    """Where counting costs more than a tenth of scoring, batches are drawn at random, so that it does not."""
    first = prepare(plain(watched_letters), worker, lambda *_: None)
    sampling = WorkSampling(first)
    scored = first.batcher.pace.total_s
    counted, spent = 0, 0.0
    batches = 400
    for number in range(batches):
        batch = batch_of(first, ROWS[number % 8 : number % 8 + 32])
        begun = time.thread_time()
        found = sampling.count(batch)
        spent += time.thread_time() - begun
        if found is not None:
            assert found.tolist() == sampling_free(first, batch)
            counted += 1
    scored = first.batcher.pace.total_s - scored
    assert 0 < counted < batches
    assert 0 < sampling.drawn < 1
    # A tenth, twice that for chance and the drawing itself.
    assert spent < 0.2 * scored + 0.02


def sampling_free(served: Served, batch: serving.Batch) -> list[float]:
    counter = work.counter(served.model.scorer)
    assert not isinstance(counter, work.Unknown)
    return list(counter.count(batch.frame).astype(float).tolist())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle with a profile."""
    return with_profile(letters_bundle(tmp_path_factory.mktemp("made")), ROWS)


@pytest.mark.slow
def test_serve_watches_in_every_worker(bundle: Path, tmp_path: Path) -> None:
    """`noteship serve` writes windows of each worker, sums their metrics, and keeps all rows when it ends."""
    (tmp_path / "noteship.toml").write_text('[monitor]\nrelease = "blue"\n')
    opened = OpenedProject.at(tmp_path)
    digest = keep(opened, bundle, "letters", "latest")
    with started(tmp_path, "--workers", "2") as one:
        with httpx.Client(base_url=one.url, timeout=20) as first, httpx.Client(base_url=one.url, timeout=20) as second:
            for client in (first, second) * 10:
                assert client.post("/predict", json=ROWS[:4]).status_code == 200
            told = samples(first.get("/metrics").text)
        one.end()
    of_version = (("model", "letters"), ("release", "blue"), ("version", digest[:12]))
    assert told["noteship_watched_rows_total", of_version] == 80
    place = monitor.Place("blue", "letters", digest)
    assert monitor.places(opened.store) == [place]
    boots = monitor.Windows(opened.store, place).boots()
    assert len(boots) == 2
    assert all(boot.ended for boot in boots)
    assert sum(piece.rows for piece in pieces_of(opened.store, digest)) == 80


@pytest.mark.slow
def test_a_killed_service_has_told_of_its_windows(bundle: Path, tmp_path: Path) -> None:
    """A service closes its windows while it runs; after SIGKILL they stand, and its boot has no end."""
    (tmp_path / "noteship.toml").write_text('[monitor]\nwindow = "1s"\n')
    opened = OpenedProject.at(tmp_path)
    digest = keep(opened, bundle, "letters", "latest")
    windows = monitor.Windows(opened.store, monitor.Place("local", "letters", digest))
    with started(tmp_path) as one:
        assert httpx.post(f"{one.url}/predict", json=ROWS, timeout=20).status_code == 200
        ends = time.monotonic() + 20
        while len(windows.decided()) < 2 and time.monotonic() < ends:
            time.sleep(0.1)
        one.process.kill()
        one.process.wait(20)
    decided = [windows.read_decision(start) for start in windows.decided()]
    assert len(decided) >= 2
    assert max(ref.value["decision"]["rows"] for ref in decided if ref) == 40
    assert [boot.ended for boot in windows.boots()] == [None]


@pytest.mark.slow
def test_serve_can_be_told_not_to_watch(bundle: Path, tmp_path: Path) -> None:
    """With --no-monitor nothing is written, and no metric speaks of it."""
    opened = OpenedProject.at(tmp_path)
    keep(opened, bundle, "letters", "latest")
    with started(tmp_path, "--no-monitor") as one:
        assert httpx.post(f"{one.url}/predict", json=ROWS[:4], timeout=20).status_code == 200
        assert "noteship_watched" not in httpx.get(f"{one.url}/metrics", timeout=20).text
        one.end()
    assert monitor.places(opened.store) == []


def test_a_profile_that_is_too_new_is_said(bundle: Path, tmp_path: Path) -> None:
    """A bundle whose profile only a later noteship reads is not served as watched."""
    opened = OpenedProject.at(tmp_path)
    folder = tmp_path / "bundle"
    folder.mkdir()
    for path in bundle.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    data = (folder / "profile.json").read_bytes().replace(b'"profile":1', b'"profile":9')
    (folder / "profile.json").write_bytes(data)
    value = json.loads((folder / "bundle.json").read_bytes())
    value["parts"]["profile"]["digest"] = digests.of_bytes(data)
    (folder / "bundle.json").write_text(json.dumps(value))
    keep(opened, folder, "letters", "latest")
    shelf = Shelf(opened, frozenset(), allow_pickle=False, is_watched=True)
    with pytest.raises(monitor.errors.ProfileTooNew):
        shelf.load(shelf.find("latest"))
    assert replace(shelf, is_watched=False).load(shelf.find("latest")).profile is None


def test_a_version_that_is_unloaded_is_let_go(
    watched_letters: serving.Model, objects: store.Store, worker: Worker
) -> None:
    """When its last window is over, nothing of its model is held; labels for it still count."""
    now = [START]
    writer = monitor.Writer(objects, monitor.Settings(), clock=lambda: now[0])
    watch = serving.Watch(writer)
    one = prepare(replace(watched_letters), worker, lambda *_: None)
    watch.observe_served([one])
    held = weakref.ref(one.model)
    watch.observe(batch_of(one, ROWS[:4]))
    watch.observe_served([])
    del one
    for _ in range(2):
        now[0] += 300
        writer.step()
    writer.step()
    gc.collect()
    assert held() is None
    rows = [family.samples for family in watch.families() if family.name == "noteship_watched_rows"]
    assert rows == [[]]


def test_whoever_answers_does_not_wait_for_what_is_counted(
    watched_letters: serving.Model, objects: store.Store, worker: Worker
) -> None:
    """Metrics that are asked for while a slow observer counts come at once, without what it counts."""
    looking = watch(objects)
    one = prepare(watched_letters, worker, lambda *_: None)
    looking.observe_served([one])
    looking.observe(batch_of(one, ROWS[:4]))
    (watched,) = looking._watched.values()
    with watched.lock:
        families = {family.name: family.samples for family in looking.families()}
        assert families["noteship_watched_rows"][0].value == 0
    families = {family.name: family.samples for family in looking.families()}
    assert families["noteship_watched_rows"][0].value == 4
