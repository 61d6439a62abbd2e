"""Several workers on one port, as real processes over one bundle in a folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from .served import letters_bundle
from .waiting import until

__all__ = ["SERVES", "end", "kept", "process", "samples", "until_both", "workers"]

# A service that sleeps or forks when a text says so, and does not load when a file says so.
SERVES = """
import os, sys, time
from dataclasses import dataclass
from pathlib import Path
from noteship import supervising
from noteship.errors import NoteshipError

@dataclass(frozen=True)
class Work:
    folder: Path
    stall_s: float

    def __call__(self, post):
        from noteship import models, serving

        class Sleepy:
            def __init__(self, inner):
                self.inner, self.signature = inner, inner.signature

            def score(self, frame):
                for text in frame.text:
                    if text.startswith("sleep "):
                        time.sleep(float(text.partition(" ")[2]))
                    if text.startswith("fork "):
                        worker, child = os.getpid(), os.fork()
                        if not child:
                            Path(text.partition(" ")[2]).write_text(f"{worker} {os.getpid()}")
                            time.sleep(60)
                            os._exit(0)
                return self.inner.score(frame)

        def load():
            if (self.folder / "broken").exists():
                raise serving.errors.CanaryFailed.example()
            if (self.folder / "dying").exists():
                os._exit(9)
            bundle = models.read(self.folder / "bundle")
            return serving.Model(bundle.name, "0" * 64, Sleepy(models.load(bundle, models.Trust())))

        settings = serving.ServerSettings(limits=serving.Limits(stall_s=self.stall_s), grace_s=5)
        serving.work(settings, load, post)

def main(folder, stall_s):
    fleet = supervising.Fleet(2, stall_s)
    try:
        with supervising.listen("127.0.0.1", 0) as listener:
            url = supervising.url_of("127.0.0.1", listener)
            supervising.run(fleet, listener, Work(Path(folder), stall_s), lambda _: print(url, flush=True))
    except NoteshipError as error:
        print(f"error: {error}", flush=True)
        sys.exit(error.exit_code)
    print("ended", flush=True)
"""
MAIN = "import sys; sys.path.insert(0, sys.argv[1]); import serves; serves.main(sys.argv[1], float(sys.argv[2]))"


def kept(root: Path) -> Path:
    """A folder with a bundle, and the module that serves it."""
    letters_bundle(root)
    (root / "serves.py").write_text(SERVES)
    return root


@contextmanager
def process(folder: Path, stall_s: float = 30.0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service's supervisor, and the first line that it printed."""
    words = [sys.executable, "-c", MAIN, os.fspath(folder), str(stall_s)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        try:
            yield one, one.stdout.readline().strip()
        finally:
            one.kill()


def workers(supervisor: int) -> list[int]:
    """The processes below one."""
    return [int(each) for each in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()]


def samples(url: str, name: str) -> dict[str, float]:
    """What one worker says of all, by labels."""
    # To read the system's certificates each time would take the processors away from workers that start.
    text = httpx.get(f"{url}/metrics", verify=False).raise_for_status().text
    return {labels: float(value) for labels, value in re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)}


def until_both(one: subprocess.Popen[str], url: str) -> None:
    """Two workers, both ready."""
    until(lambda: len(workers(one.pid)) == 2 and samples(url, "noteship_workers")['state="ready"'] == 2)


def end(one: subprocess.Popen[str]) -> str:
    """SIGTERM; it ends well, and says the rest."""
    assert one.stdout is not None
    assert one.stderr is not None
    one.send_signal(signal.SIGTERM)
    out, said = one.stdout.read(), one.stderr.read()
    assert (one.wait(20), out) == (0, "ended\n"), said
    return said
