from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .served import Served

PAGE = Path(__file__).parents[2] / "docs/serving.md"
EXAMPLES = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_pages_examples_work(service: Served, example: str) -> None:
    """Each example of the page gets an answer, and the prediction of a letter."""
    command = example.replace("curl -s", "curl -s --fail-with-body")
    environment = os.environ | {"URL": service.running.url}
    done = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, env=environment, timeout=20)
    assert done.returncode == 0, done.stdout
    assert "letter" in done.stdout
