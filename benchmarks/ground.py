"""What benchmarks on a cluster share: a namespace of their own, kubectl, notebooks, and what a process takes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

NOTESHIP = (sys.executable, "-m", "noteship")
# What a service of scikit-learn needs; noteship's own packages come beside.
LOCKED = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
WAIT_S = 300.0
# What Pod Security `restricted` asks of a pod and of its containers.
POD = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def kubectl(*words: str, text: str | None = None) -> str:
    """What it answers."""
    answer = subprocess.run(["kubectl", *words], input=text, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(answer.stderr)
    return answer.stdout


def apply(manifest: dict[str, Any]) -> None:
    """Send it."""
    kubectl("apply", "-f", "-", text=json.dumps(manifest))


@contextmanager
def namespace() -> Iterator[str]:
    """A namespace that enforces `restricted`, and is taken away in the end."""
    name = f"noteship-bench-{os.urandom(3).hex()}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    try:
        yield name
    finally:
        kubectl("delete", "namespace", name, "--wait=false")


def secret(name: str, where: str, **values: str) -> None:
    """Made of these."""
    own = {"name": name, "namespace": where}
    apply({"apiVersion": "v1", "kind": "Secret", "metadata": own, "stringData": values})


def until(kind: str, name: str, where: str, over: Callable[[Any], bool]) -> Any:
    """The thing, once it is over."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = json.loads(kubectl("get", kind, name, "-n", where, "-o", "json"))
        if over(found):
            return found
        time.sleep(0.1)
    raise SystemExit(f"{kind} {name} did not end within {WAIT_S:g} s")


def lock(path: Path, names: Sequence[str]) -> None:
    """To the versions that are here."""
    path.write_text("".join(f"{name}=={metadata.version(name)}\n" for name in names))


def notebook(path: Path, *lines: str) -> None:
    """A notebook of one cell."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": "\n".join(lines),
    }
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "python"}}
    path.write_text(json.dumps({"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


def memory_mb(pid: int) -> float:
    """The memory of a process and of what it started, now; 0 where it ended."""
    try:
        own = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        threads = [each.name for each in Path(f"/proc/{pid}/task").iterdir()]
        for thread in threads:
            if thread != str(pid):
                children += Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", own)
    return (int(found[1]) / 1e3 if found else 0.0) + sum(memory_mb(int(child)) for child in children)
