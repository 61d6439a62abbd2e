"""`monitor --evaluate`: windows are closed until it is stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import httpx

from cli.projects import COMMAND, Project
from cli.watched_projects import WatchedProject

# Beside numpy's and the store's own; pandas and scikit-learn would be 80 MB more.
MOST_KIB = 90 << 10


def test_windows_are_closed_until_it_is_stopped(project: Project) -> None:
    """What a worker left behind is closed, Prometheus is told, SIGTERM ends it well; no model is loaded."""
    watched = WatchedProject(project)
    watched.serve(time.time() - 60, "unchanged", "unchanged")
    assert len(watched.windows.decided()) == 1
    words = (*COMMAND, "monitor", "--evaluate", "--port=0", "--log=json", "--json", f"--project={project.root}")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        assert told["release"] == "local"
        deadline = time.monotonic() + 30
        while httpx.get(f"{told['url']}/health/ready").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        metrics = httpx.get(f"{told['url']}/metrics").text
        used = Path(f"/proc/{process.pid}/maps").read_text()
        peak = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmHWM" in line)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert len(watched.windows.decided()) == 2
    assert "noteship_evaluator_windows_closed_total" in metrics
    assert (
        f'noteship_window_state{{release="local",model="shop",version="{watched.digest}",state="learning"}} 1.0'
        in metrics
    )
    assert not any(name in used for name in ("/pandas/", "/sklearn/", "/pyarrow/"))
    assert int(peak.split()[1]) < MOST_KIB
    records = [json.loads(line) for line in said.splitlines()]
    assert records[-1]["message"] == "stopped" and records[-1]["closed"] == 1


def test_words_that_do_not_fit_are_said(project: Project) -> None:
    """What is for the evaluator alone is refused without it, and the other way round."""
    answer = project.call("monitor", "--port", "0")
    assert (answer.code, "--evaluate --port" in answer.err) == (2, True)
    answer = project.call("monitor", "--evaluate", "--once")
    assert (answer.code, "until it is stopped" in answer.err) == (2, True)
    answer = project.call("monitor", "--evaluate", "--sample")
    assert (answer.code, "two things to do" in answer.err) == (2, True)
    answer = project.call("monitor", "--evaluate", "--no-auth", "--token-file", "x")
    assert (answer.code, "asks nobody" in answer.err) == (2, True)
    answer = project.call("monitor", "--evaluate", "--token-file", "nosuch")
    assert (answer.code, "the file with the token" in answer.err) == (2, True)
    answer = project.call("monitor", "--evaluate", "--tls-key", "nosuch")
    assert (answer.code, "a certificate and its key" in answer.err) == (2, True)
