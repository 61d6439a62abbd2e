"""Small projects for tests, and the command line called on them: in this process, or as a child where that matters."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from noteship.cli.main import main

COMMAND = (sys.executable, "-m", "noteship")


@dataclass(frozen=True)
class Answer:
    """How a call ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one document that `--json` prints."""
        return json.loads(self.out)


class Project:
    """A folder of notebooks and scripts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> Path:
        """A file of the project."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def text(self, path: str) -> str:
        """What a file holds."""
        return (self.root / path).read_text(encoding="utf-8")

    def notebook(self, name: str, *cells: str, language: str = "python") -> None:
        """A notebook of these code cells."""
        listed = [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": source,
            }
            for number, source in enumerate(cells)
        ]
        kernel = {"name": f"{language}3", "language": language, "display_name": language}
        document = {"cells": listed, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        self.write(f"{name}.ipynb", json.dumps(document))

    def chain(self, *texts: str) -> None:
        """Scripts that hand a file on, which start in a tenth of a notebook's time: f0.txt, f1.txt and so on."""
        for number, text in enumerate(texts):
            read = f"open('f{number - 1}.txt').read() + " if number else ""
            self.write(f"s{number}.py", f"text = {text!r}\nopen('f{number}.txt', 'w').write({read}text)\n")

    def call(self, *words: str) -> Answer:
        """The command line in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main([*words, "--project", str(self.root)])
            except SystemExit as leaving:
                code = int(leaving.code or 0)
        return Answer(code, out.getvalue(), err.getvalue())

    def json(self, *words: str) -> Any:
        """The document of a call that must end with 0."""
        answer = self.call(*words, "--json")
        assert answer.code == 0, answer.err
        return answer.document

    def states(self, *words: str) -> dict[str, str]:
        """What became of each stage in a run, whatever its end."""
        document = self.call("run", *words, "--json").document
        assert "stages" in document, document
        return {stage["stage"]: stage["state"] for stage in document["stages"]}

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """The command line as a process of its own, in the project's folder."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def child(self, *words: str, **environment: str) -> Answer:
        """The command line as a process of its own, to its end."""
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=60)
        return Answer(process.returncode, out, err)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project; temporary files do not count as read, so that the stages' are elsewhere."""
    root, temporary = tmp_path / "project", tmp_path / "temporary"
    root.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    return Project(root)
