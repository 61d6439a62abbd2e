"""Without tokens a service answers who is on this machine, and no web page of anybody else's."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from noteship import serving
from noteship.serving.access import PREDICTING
from noteship.serving.local_guard import LocalGuard
from noteship.serving.refusals import Refused

from .served import Served, served

ROWS = [["my dear aunt"]]
HERE = ["localhost", "LOCALHOST:8080", "localhost.", "models.localhost:1", "127.0.0.1", "127.8.9.1:80", "[::1]:8080"]
NAMES = ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "xlocalhost", ""]
ELSEWHERE = [*NAMES, "10.0.0.1", "[::2]", "[::1"]


@pytest.fixture(scope="module")
def open_here(letters: serving.Model) -> Iterator[Served]:
    """A service that asks nobody."""
    with served(letters) as one:
        yield one


def asked(one: Served, way: str, **headers: str) -> httpx.Response:
    """The answer to a prediction, or to a look at what the model takes."""
    if way == "predict":
        return one.client.post("/predict", json=ROWS, headers=headers)
    return one.client.get("/signature", headers=headers)


@pytest.mark.parametrize("way", ["predict", "look"])
@pytest.mark.parametrize("host", HERE)
def test_this_machine_has_many_names(open_here: Served, way: str, host: str) -> None:
    """Whoever asks a name or an address of this machine's own is answered, and so are its pages."""
    assert asked(open_here, way, Host=host).status_code == 200
    assert asked(open_here, way, Origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize("way", ["predict", "look"])
@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_name_that_somebody_else_can_point_here_is_refused(open_here: Served, way: str, host: str) -> None:
    """Another host's name, even if it leads here, is refused in both headers, and told what to do."""
    for headers in ({"Host": host}, {"Origin": f"https://{host}"}):
        answer = asked(open_here, way, **headers)
        assert answer.status_code == 403
        assert f"the {next(iter(headers))} of the request is another" in answer.json()["error"]
        assert "--tokens" in answer.json()["error"]


@pytest.mark.parametrize("origin", ["null", "file://", "https://", "chrome-extension://abc"])
def test_a_page_that_hides_where_it_comes_from_is_refused(open_here: Served, origin: str) -> None:
    """An origin that names no host of this machine's does not count as one."""
    assert asked(open_here, "predict", Origin=origin).status_code == 403


def test_health_says_its_word_to_whoever_asks(open_here: Served) -> None:
    """Probes name the host as they like."""
    assert open_here.client.get("/health/ready", headers={"Host": "pod.example"}).status_code == 200


def test_who_was_refused_is_counted_by_header(open_here: Served) -> None:
    """The reason is the header's name."""
    asked(open_here, "predict", Host="evil.example")
    assert 'noteship_refused_callers_total{reason="host"}' in open_here.client.get("/metrics").text


def test_an_operator_may_answer_every_name(letters: serving.Model) -> None:
    """Where it is not local, whatever host is named is answered."""
    with served(letters, is_local=False) as one:
        assert asked(one, "predict", Host="models.example", Origin="https://shop.example").status_code == 200


def test_the_name_that_the_operator_listens_on_is_this_machine() -> None:
    """A name of the operator's own is answered, and none that only begins so."""
    refused: list[str] = []
    guard = LocalGuard("Tower", refused.append)
    guard.check([(b"host", b"tower:8080")], PREDICTING)
    with pytest.raises(Refused):
        guard.check([(b"host", b"tower.example:8080")], PREDICTING)
    assert refused == ["host"]
