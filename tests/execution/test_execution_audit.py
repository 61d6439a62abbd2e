"""What the audit of a stage's process counts as read, where everything lies below the folder for temporary files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from noteship.notebooks.execution import audit

OPENING = """
import importlib.util, sys
sys.prefix = {prefix!r}
spec = importlib.util.spec_from_file_location("audit", {audit!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.observe({request!r})
for path in {paths!r}:
    open(path).close()
"""


def test_packages_below_the_temporary_folder_are_no_inputs(tmp_path: Path) -> None:
    """An older file there is an input; one of the environment is none, wherever the environment is."""
    package, data = tmp_path / "venv" / "lib" / "entry_points.txt", tmp_path / "data.csv"
    for path in (package, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    log = tmp_path / "log"
    places = {name: str(tmp_path / name) for name in ("root", "folder")}
    request = {**places, "began": data.stat().st_ctime + 1, "audit": str(log)}
    code = OPENING.format(
        prefix=str(tmp_path / "venv"), audit=audit.__file__, request=request, paths=[str(package), str(data)]
    )
    subprocess.run([sys.executable, "-c", code], env={"TMPDIR": str(tmp_path)}, check=True, timeout=60)
    assert [json.loads(line) for line in log.read_text().splitlines()] == [["r", True, str(data)]]
