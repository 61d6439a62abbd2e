"""The page on which a model can be tried, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship import serving
from serving.served import letters_bundle, loaded, rents_bundle, served

from .chromium import chromium

pytestmark = pytest.mark.debian


def test_a_text_is_classified_on_the_page(tmp_path: Path) -> None:
    """The example is filled in; sending it shows the class, its probabilities and the id, without complaint."""
    with served(loaded(letters_bundle(tmp_path), tmp_path / "store")) as one, chromium() as page:
        page.open(one.running.url)
        page.until("!document.getElementById('send').disabled")
        assert page.value("document.getElementById('field-0').value") == "my dear sister, number 0"
        page.value("document.getElementById('send').click()")
        page.until("!document.getElementById('result').hidden")
        assert page.value("document.getElementById('prediction').textContent") == "letter"
        assert page.value("document.querySelectorAll('.bar').length") == 2
        shown = page.value("document.querySelector('.bar.top i').getBoundingClientRect().width")
        track = page.value("document.querySelector('.track').getBoundingClientRect().width")
        assert 0.5 < shown / track < 1
        request = page.value("document.getElementById('request').textContent")
        # The metrics have all that was answered before them, and so have the other observers.
        assert one.client.get("/metrics").status_code == 200
        assert one.running.service.predictions.predictions(request) == ("letter",)
        page.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000
    assert page.complaints == []


def test_a_wrong_field_is_marked(tmp_path: Path) -> None:
    """What the service refuses is said beside the field; numbers and categories are sent as what they are."""
    with served(loaded(rents_bundle(tmp_path), tmp_path / "store")) as one, chromium() as page:
        page.open(one.running.url)
        page.until("!document.getElementById('send').disabled")
        page.value("document.getElementById('field-0').value = 'large'")
        page.value("document.getElementById('send').click()")
        page.until("!document.getElementById('fault').hidden")
        assert page.value("document.querySelector('.why').textContent") == "expected an integer, got text"
        page.value("document.getElementById('field-0').value = '100'")
        page.value("document.getElementById('field-1').value = 'south'")
        page.value("document.getElementById('send').click()")
        page.until("!document.getElementById('result').hidden")
        assert page.value("document.getElementById('prediction').textContent") == "1050"
        assert page.value("document.querySelectorAll('.wrong, .why').length") == 0


def test_the_page_asks_for_a_token(tmp_path: Path) -> None:
    """Nothing of the model is shown before; a wrong token is told, the right one is kept in the tab and can be left."""
    issued, watching = serving.issue("anna", ["predict"]), serving.issue("grafana", ["observe"])
    (tmp_path / "tokens").write_text(f"{issued.line}\n{watching.line}\n")
    model = loaded(letters_bundle(tmp_path), tmp_path / "store")
    with served(model, callers=serving.Callers(tmp_path / "tokens")) as one, chromium() as page:
        page.open(one.running.url)
        page.until("!document.getElementById('gate').hidden")
        assert page.value("document.getElementById('name').textContent") == "model"
        assert page.value("document.getElementById('both').getBoundingClientRect().height") == 0
        page.picture(tmp_path / "gate.png")
        for wrong in ("guessed", "two words"):
            page.value("document.getElementById('denied').hidden = true")
            page.value(f"document.getElementById('token').value = '{wrong}'")
            page.value("document.querySelector('#enter button').click()")
            page.until("!document.getElementById('denied').hidden")
        page.value(f"document.getElementById('token').value = '{issued.token}'")
        page.value("document.querySelector('#enter button').click()")
        page.until("!document.getElementById('send').disabled")
        page.value("document.getElementById('send').click()")
        page.until("!document.getElementById('result').hidden")
        assert page.value("document.getElementById('prediction').textContent") == "letter"
        assert "Bearer $TOKEN" in page.value("document.getElementById('curl').textContent")
        assert issued.token not in page.value("document.documentElement.outerHTML")
        assert page.value("localStorage.length + document.cookie.length") == 0
        page.picture(tmp_path / "page.png")
        page.value("window.isOld = true; location.reload()")
        page.until("!window.isOld && document.getElementById('send')?.disabled === false")
        page.value("document.getElementById('forget').click()")
        page.until("document.getElementById('gate')?.hidden === false")
        assert page.value("sessionStorage.length") == 0
