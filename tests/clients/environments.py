"""Fresh environments for what is tested with libraries that noteship's own does not have."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CLIENTS = Path(__file__).parent


def environment(lock: Path, made: Path) -> Path:
    """The interpreter of a new environment with just what a lock names, hashes checked."""
    uv = shutil.which("uv") or str(CLIENTS.parents[1] / ".uv-venv/bin/uv")
    python = made / "bin/python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, made], check=True, timeout=60)
    subprocess.run(
        [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock], check=True, timeout=300
    )
    return python
