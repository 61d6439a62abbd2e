"""Several versions behind one service, changed while it answers."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pandas
import pytest
from prometheus_client.parser import text_string_to_metric_families

from noteship import models, serving
from noteship.errors import UsageError
from noteship.serving import errors

from .load import load
from .served import Failing, Gated, Served, served
from .waiting import until

ROWS = [["my dear aunt"], ["salty snack, five stars"], ["dear sister"]]


class NoSuchBundle(UsageError):
    """No bundle is called so."""

    def parts(self) -> Any:
        """The message."""
        return errors.CanaryFailed("x", "y", "there is no such bundle").parts()


@dataclass(frozen=True, eq=False)
class Contrary:
    """A scorer that says the other class."""

    inner: models.Scorer

    @property
    def signature(self) -> models.Signature:
        """As the scorer inside."""
        return self.inner.signature

    def score(self, frame: pandas.DataFrame) -> models.Scores:
        """The probabilities of the classes, exchanged."""
        scores = self.inner.score(frame)
        assert scores.probabilities is not None
        classes = list(scores.classes)
        other = [classes[1 - classes.index(each)] for each in scores.predictions.tolist()]
        return replace(
            scores, predictions=pandas.Series(other).to_numpy(), probabilities=scores.probabilities[:, ::-1].copy()
        )


@dataclass(frozen=True, eq=False)
class Shelf:
    """A source of models that are made when they are asked for, by the digit that their digests consist of."""

    made: dict[str, Callable[[], serving.Model]]
    loaded: list[str] = field(default_factory=list)

    def find(self, bundle: str | None) -> serving.Entry:
        """By the digit."""
        if bundle not in self.made:
            raise NoSuchBundle
        return serving.Entry("letters", bundle * 64)

    def load(self, entry: serving.Entry) -> serving.Model:
        """Make it."""
        self.loaded.append(entry.digest[0])
        return self.made[entry.digest[0]]()


@pytest.fixture
def shelf(letters: serving.Model) -> Shelf:
    """Three that work, one that fails, and one that fails on its example."""

    def model(digit: str, scorer: models.Scorer) -> Callable[[], serving.Model]:
        return lambda: serving.Model("letters", digit * 64, scorer)

    return Shelf(
        {
            "1": model("1", letters.scorer),
            "2": model("2", Contrary(letters.scorer)),
            "3": model("3", letters.scorer),
            "4": model("4", Failing(letters.scorer)),
            "5": model("5", Failing(letters.scorer, 0)),
        }
    )


def v(digit: str) -> str:
    return digit * 12


def versions(shelf: Shelf, *entries: serving.Entry) -> serving.Versions:
    return serving.Versions(shelf, serving.Plan(entries or (shelf.find("1"),)))


@pytest.fixture
def one(shelf: Shelf) -> Iterator[Served]:
    """A service of the first, which anybody may change."""
    with served(versions(shelf), is_open_to_admin=True) as one:
        yield one


def ask(one: Served, path: str, **parameters: Any) -> httpx.Response:
    return one.client.post(f"/v2/repository/models/{path}", json={"parameters": parameters})


def roles(one: Served) -> dict[str, str]:
    return {each["version"][0]: each["role"] for each in one.client.post("/v2/repository/index").json()}


def answering(one: Served, path: str = "/predict", **headers: str) -> str:
    response = one.client.post(
        path, json=ROWS, headers={name.replace("_", "-"): each for name, each in headers.items()}
    )
    assert response.status_code == 200, response.text
    assert response.headers["x-model-version"] == response.json()["version"]
    return str(response.json()["version"][0])


def sample(one: Served, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(one.client.get("/metrics").text)
    samples = (each for family in families for each in family.samples)
    return sum(each.value for each in samples if each.name == name and labels.items() <= each.labels.items())


def test_a_bundle_is_loaded_and_becomes_the_default(one: Served) -> None:
    """From the answer on, the new version answers; the one before can be asked by its version, or made the default."""
    response = ask(one, "letters/load", bundle="2")
    assert response.status_code == 200
    assert [(each["version"], each["role"]) for each in response.json()] == [(v("1"), "spare"), (v("2"), "default")]
    assert answering(one) == "2"
    assert answering(one, f"/models/letters/versions/{v('1')}/predict") == "1"
    assert answering(one, X_Noteship_Version=v("1")) == "1"
    assert one.client.get("/v2/models/letters").json()["versions"] == [v("2"), v("1")]
    assert ask(one, f"letters/versions/{v('1')}/default").status_code == 200
    assert (answering(one), roles(one)) == ("1", {"1": "default", "2": "spare"})


def test_what_is_unloaded_is_gone(one: Served) -> None:
    """An unloaded version is asked in vain; the default stays as long as it is one, and the last of all stays."""
    assert ask(one, "letters/unload", version=v("1")).status_code == 409
    assert ask(one, "letters/unload").status_code == 409
    assert ask(one, "letters/load", bundle="2").status_code == 200
    refused = ask(one, "letters/unload", version=v("2"))
    assert (refused.status_code, "make another one the default" in refused.json()["error"]) == (409, True)
    assert ask(one, "letters/unload", version=v("1")).status_code == 200
    gone = one.client.post("/predict", json=ROWS, headers={"X-Noteship-Version": v("1")})
    assert (gone.status_code, gone.json()["error"]) == (
        404,
        f"model 'letters' has no version '{v('1')}'; it has {v('2')}",
    )
    assert roles(one) == {"2": "default"}


@pytest.mark.parametrize(
    ("path", "given", "status", "said"),
    [
        ("letters/load", {"bundle": "9"}, 404, "there is no such bundle"),
        ("letters/load", {"bundle": "5"}, 422, "does not score the example row of its own signature"),
        ("letters/load", {"bundle": 5}, 422, "parameter 'bundle': expected text, got an integer"),
        ("letters/load", {"bundle": "2", "canary": 5}, 422, "parameter 'canary' is not known"),
        ("letters/load", {"config": "{"}, 400, "the text of 'config' is not JSON"),
        ("letters/load", {"config": '{"bundle": 2}'}, 422, "parameter 'bundle': expected text"),
        ("letters/load", {"bundle": "2", "canary_percent": 101}, 422, "expected a number from 0 to 100"),
        ("letters/load", {"bundle": "2", "canary_percent": 1, "shadow": True}, 422, "either canary or shadow"),
        ("letters/load", {"bundle": "1", "shadow": True}, 409, "would have no default version"),
        ("reviews/load", {"bundle": "2"}, 422, "is of model 'letters'"),
        ("reviews/unload", {}, 404, "there is no model 'reviews'; there is letters"),
        ("letters/unload", {"version": "x"}, 404, "has no version 'x'"),
        (f"letters/versions/{v('2')}/default", {}, 404, f"has no version '{v('2')}'"),
    ],
)
def test_what_cannot_be_changed_changes_nothing(
    one: Served, path: str, given: dict[str, Any], status: int, said: str
) -> None:
    """Whatever is wrong with a change is said, and what was served goes on."""
    response = ask(one, path, **given)
    assert (response.status_code, said in response.json()["error"]) == (status, True), response.text
    assert (answering(one), roles(one)) == ("1", {"1": "default"})


def test_only_operators_change_what_is_served(shelf: Shelf) -> None:
    """Without having been switched on the routes are closed, and a web page cannot ask in somebody's name."""
    with served(versions(shelf)) as one:
        refused = ask(one, "letters/load", bundle="2")
        assert (refused.status_code, "--admin" in refused.json()["error"]) == (403, True)
    with served(versions(shelf), is_open_to_admin=True) as one:
        path = "/v2/repository/models/letters/load"
        assert one.client.post(path, headers={"Origin": one.running.url}).status_code == 403
        assert one.client.get(path).status_code == 405
    assert shelf.loaded == ["1", "1"]


def test_no_request_waits_for_a_model_that_is_loaded(one: Served, shelf: Shelf, letters: serving.Model) -> None:
    """While a bundle is loaded and scores its example, the others answer; it answers when all that is done."""
    gate = threading.Event()

    def slowly() -> serving.Model:
        assert gate.wait(20)
        return serving.Model("letters", "6" * 64, letters.scorer)

    shelf.made["6"] = slowly
    answers: list[httpx.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(httpx.post(f"{one.running.url}{LOAD}", json=SIX, timeout=30))
    )
    asking.start()
    until(lambda: "6" in shelf.loaded)
    assert answering(one) == "1"
    assert one.client.get("/health/ready").json() == {"ready": True}
    assert roles(one) == {"1": "default"}
    gate.set()
    asking.join(20)
    assert answers[0].status_code == 200
    assert answering(one) == "6"


LOAD, SIX = "/v2/repository/models/letters/load", {"parameters": {"bundle": "6"}}


def test_a_request_keeps_the_model_it_was_given(one: Served, shelf: Shelf, letters: serving.Model) -> None:
    """A version that is unloaded while it scores answers, and then it ends: nothing of it is kept."""
    scorers = [Gated(letters.scorer)]
    shelf.made["7"] = lambda: serving.Model("letters", "7" * 64, scorers[0])
    ask(one, "letters/load", bundle="7")
    answers: list[str] = []
    with httpx.Client(base_url=one.running.url, timeout=20) as client:
        other = Served(client, one.running)
        asking = threading.Thread(target=lambda: answers.append(answering(other)))
        asking.start()
        assert scorers[0].entered.wait(20)
        assert ask(one, "letters/load", bundle="3").status_code == 200
        assert ask(one, "letters/unload", version=v("7")).status_code == 200
        scorers[0].gate.set()
        asking.join(20)
    assert (answers, answering(one), roles(one)) == (["7"], "3", {"1": "spare", "3": "default"})
    one.client.get("/metrics")
    left = weakref.ref(scorers.pop())
    # The last batch is let go a moment after it was answered.
    until(lambda: left() is None)


def test_changes_under_load_lose_nothing(one: Served) -> None:
    """Versions loaded, made default and unloaded again and again: every request is answered."""
    with load(one.running.url, 4) as asked:
        for _ in range(3):
            for new, old in (("2", "1"), ("1", "2")):
                assert ask(one, "letters/load", bundle=new).status_code == 200
                assert ask(one, "letters/unload", version=v(old)).status_code == 200
        until(lambda: sum(asked.statuses.values()) > 100)
    assert (asked.lost, set(asked.statuses)) == ([], {200})


def test_a_canary_answers_its_share(one: Served) -> None:
    """Of the requests that name no version a canary gets its percentage; the same client gets the same version."""
    assert ask(one, "letters/load", bundle="2", canary_percent=25).status_code == 200
    assert roles(one) == {"1": "default", "2": "canary"}
    counts = Counter(answering(one) for _ in range(400))
    # Four standard deviations of 400 throws.
    assert abs(counts["2"] - 100) < 35
    clients = {name: {answering(one, X_Noteship_Client=name) for _ in range(5)} for name in map(str, range(40))}
    assert all(len(each) == 1 for each in clients.values())
    assert 0 < sum(each == {"2"} for each in clients.values()) < 25
    assert answering(one, X_Noteship_Version="canary") == "2"
    assert answering(one, X_Noteship_Version="default") == "1"
    assert ask(one, "letters/load", bundle="2", default=False).status_code == 200
    assert {answering(one) for _ in range(50)} == {"1"}
    assert answering(one, X_Noteship_Version="canary") == "1"


def test_a_canary_of_no_percentage_waits_to_be_asked(one: Served) -> None:
    """It answers who names it, and nobody else."""
    ask(one, "letters/load", bundle="2", canary_percent=0)
    assert {answering(one) for _ in range(50)} == {"1"}
    assert answering(one, X_Noteship_Version="canary") == "2"


def test_every_protocol_tells_the_version(one: Served) -> None:
    """Where an answer has no place for it, the header says which version answered."""
    ask(one, "letters/load", bundle="2", canary_percent=100)
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["dear"]}
    answer = one.client.post("/v2/models/letters/infer", json={"inputs": [tensor]})
    assert answer.json()["model_version"] == answer.headers["x-model-version"] == v("2")
    answer = one.client.post("/v1/models/letters:predict", json={"instances": [["dear"]]})
    assert answer.headers["x-model-version"] == v("2")
    answer = one.client.post("/predict", json=[[3]])
    assert (answer.status_code, answer.headers["x-model-version"]) == (422, v("2"))
    assert sample(one, "noteship_version_failures_total", version=v("2"), code="422") == 1


def test_a_shadow_is_scored_and_never_answered_from(one: Served) -> None:
    """What the default answers is scored by the shadow, too, and how far they differ is measured."""
    assert ask(one, "letters/load", bundle="2", shadow=True).status_code == 200
    assert answering(one) == "1"
    until(lambda: sample(one, "noteship_shadow_rows_total", version=v("2")) == 3)
    assert sample(one, "noteship_shadow_disagreements_total") == 3
    assert sample(one, "noteship_shadow_difference_count", version=v("2")) == 3
    assert 0 < sample(one, "noteship_shadow_difference_sum") < 3
    named = one.client.post(f"/models/letters/versions/{v('2')}/predict", json=ROWS)
    assert (named.status_code, "is a shadow" in named.json()["error"]) == (404, True)
    assert one.client.get("/v2/models/letters").json()["versions"] == [v("1")]
    assert sample(one, "noteship_predictions_total", version=v("2")) == 0
    assert sample(one, "noteship_rows_total") == 3


def test_an_equal_shadow_agrees(one: Served) -> None:
    """The same model as a shadow disagrees on no row, and by nothing."""
    ask(one, "letters/load", bundle="3", shadow=True)
    answering(one)
    until(lambda: sample(one, "noteship_shadow_rows_total") == 3)
    assert sample(one, "noteship_shadow_disagreements_total") == 0
    assert sample(one, "noteship_shadow_difference_bucket", le="1e-06") == 3


def test_a_failing_shadow_hurts_nobody(one: Served) -> None:
    """Rows that a shadow fails on are counted, and the answers are as they were."""
    ask(one, "letters/load", bundle="4", shadow=True)
    assert answering(one) == "1"
    until(lambda: sample(one, "noteship_shadow_missed_rows_total", reason="failed") == 3)
    assert sample(one, "noteship_shadow_rows_total") == 0


def test_a_slow_shadow_drops_rows(
    one: Served, shelf: Shelf, letters: serving.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a shadow that hangs only so many rows wait; the others are left out and counted, and all are answered."""
    monkeypatch.setattr("noteship.serving.shadowing.WAITING_ROWS", 6)
    gated = Gated(letters.scorer)
    shelf.made["7"] = lambda: serving.Model("letters", "7" * 64, gated)
    ask(one, "letters/load", bundle="7", shadow=True)
    for _ in range(5):
        assert answering(one) == "1"
        one.client.get("/metrics")
    assert sample(one, "noteship_shadow_missed_rows_total", reason="busy") == 9
    gated.gate.set()
    until(lambda: sample(one, "noteship_shadow_rows_total") == 6)


def test_what_waits_for_a_shadow_is_bounded_in_bytes(
    one: Served, shelf: Shelf, letters: serving.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a shadow that hangs large rows wait up to so many bytes; the others are counted by their reason."""
    monkeypatch.setattr("noteship.serving.shadowing.WAITING_BYTES", 250_000)
    gated = Gated(letters.scorer)
    shelf.made["7"] = lambda: serving.Model("letters", "7" * 64, gated)
    ask(one, "letters/load", bundle="7", shadow=True)
    for _ in range(5):
        assert one.predict([["x" * 100_000]]).status_code == 200
        one.client.get("/metrics")
    assert sample(one, "noteship_shadow_missed_rows_total", reason="bytes") == 3
    gated.gate.set()
    until(lambda: sample(one, "noteship_shadow_rows_total") == 2)


def test_a_shadow_of_numbers_is_compared_by_them(rents: serving.Model) -> None:
    """For a regression it is the difference of the predictions that is measured."""

    @dataclass(frozen=True)
    class Higher:
        inner: models.Scorer

        @property
        def signature(self) -> models.Signature:
            return self.inner.signature

        def score(self, frame: pandas.DataFrame) -> models.Scores:
            scores = self.inner.score(frame)
            return replace(scores, predictions=scores.predictions + 0.25)

    @dataclass(frozen=True)
    class Rents:
        def find(self, bundle: str | None) -> serving.Entry:
            raise NoSuchBundle

        def load(self, entry: serving.Entry) -> serving.Model:
            return serving.Model(
                "rents", entry.digest, rents.scorer if entry.role == "default" else Higher(rents.scorer)
            )

    plan = serving.Plan((serving.Entry("rents", "1" * 64), serving.Entry("rents", "2" * 64, role="shadow")))
    with served(serving.Versions(Rents(), plan)) as one:
        one.predict([{"size": 50, "district": "north"}])
        until(lambda: sample(one, "noteship_shadow_rows_total") == 1)
        assert sample(one, "noteship_shadow_difference_sum") == pytest.approx(0.25)
        assert sample(one, "noteship_shadow_difference_bucket", le="0.2") == 0


def test_several_models_answer_by_name(shelf: Shelf, rents: serving.Model) -> None:
    """The first is whom requests ask that name none; each name has a default of its own."""

    @dataclass(frozen=True)
    class Both:
        def find(self, bundle: str | None) -> serving.Entry:
            return shelf.find(bundle)

        def load(self, entry: serving.Entry) -> serving.Model:
            return rents if entry.name == "rents" else shelf.load(entry)

    plan = serving.Plan((shelf.find("1"), serving.Entry("rents", rents.digest)))
    with served(serving.Versions(Both(), plan), is_open_to_admin=True) as one:
        assert answering(one) == "1"
        rent = one.client.post("/models/rents/predict", json=[{"size": 50, "district": "north"}]).json()
        assert rent["model"] == "rents"
        assert one.client.get("/v1/models").json() == {"models": ["letters", "rents"]}
        assert {"/models/letters/predict", "/models/rents/predict"} <= set(
            one.client.get("/openapi.json").json()["paths"]
        )
        assert ask(one, "letters/unload").status_code == 409
        assert ask(one, "rents/unload").status_code == 200
        assert one.client.get("/v1/models").json() == {"models": ["letters"]}


def test_one_model_alone_knows_of_no_others(letters: serving.Model) -> None:
    """A service that was started with a model, and not with a store, loads no bundle."""
    with served(letters, is_open_to_admin=True) as one:
        assert ask(one, "letters/load", bundle="2").status_code == 501
