"""The example application's page, in a real browser."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from clients.environments import environment
from serving.served import letters_bundle, loaded, served

from .chromium import chromium

pytestmark = pytest.mark.debian
APPLICATION = Path(__file__).parents[2] / "examples/application"


def test_a_person_judges_a_text_and_says_it_was_wrong(tmp_path: Path) -> None:
    """The label and how sure the model is are shown; what the person says reaches the service."""
    python = environment(APPLICATION / "requirements.txt", tmp_path / "environment")
    with served(loaded(letters_bundle(tmp_path), tmp_path / "store")) as one, chromium() as page:
        words = ["--service", one.running.url, "--model", "letters", "--labels", "letter", "review", "--port", "0"]
        command = [python, "-B", "application.py", *words]
        with subprocess.Popen(command, cwd=APPLICATION, text=True, stdout=subprocess.PIPE) as application:
            try:
                assert application.stdout is not None
                page.open(application.stdout.readline().strip())
                page.value("document.getElementById('letter').click()")
                page.value("document.getElementById('send').click()")
                page.until("!document.getElementById('answer').hidden")
                assert page.value("document.getElementById('label').textContent") == "letter"
                shown = page.value("document.getElementById('bar').getBoundingClientRect().width")
                assert 100 < shown < page.value("document.querySelector('.track').getBoundingClientRect().width")
                page.value("document.getElementById('no').click()")
                page.until("document.getElementById('no').hidden")
                assert "Thank you, " in page.value("document.getElementById('said').textContent")
                page.picture(tmp_path / "page.png")
            finally:
                application.kill()
        metrics = one.client.get("/metrics").text
    assert "noteship_feedback_total" in metrics
    assert (tmp_path / "page.png").stat().st_size > 10_000
    assert page.complaints == []
