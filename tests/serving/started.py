"""`noteship serve` as a process of its own, over bundles that are in a project's store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship.operations.opened import OpenedProject

__all__ = ["Started", "keep", "started"]


@dataclass(frozen=True)
class Started:
    """A service that is ready, and the document that it then printed."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.told["url"])

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        """End it; it ends well. What it printed since it was ready, and all that it said on standard error."""
        self.process.send_signal(how)
        printed, said = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, said
        return printed, said


@contextmanager
def started(root: Path, *words: str, **environment: str) -> Iterator[Started]:
    """A service of a project on a free port, or on the one that the words name, until the block ends at the latest."""
    command = [sys.executable, "-m", "noteship", "serve", "--project", os.fspath(root), "--port", "0", "--json", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=os.environ | environment, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            document = ""
            for line in process.stdout:
                document += line
                if line == "}\n":
                    break
            assert document, process.stderr.read()
            yield Started(process, json.loads(document))
        finally:
            process.kill()


def keep(opened: OpenedProject, folder: Path, name: str, *names: str) -> str:
    """Put a bundle into the project's store, by names such as `latest`, too; its digest."""
    digest = opened.store.put_folder(folder)
    for each in (f"bundles/{digest}", *(f"names/{each}" for each in names)):
        opened.store.write_ref(each, {"digest": digest, "name": name}, expected=None)
    return digest
