"""Closed-loop load by wrk: each connection sends its next request when the last one was answered."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Load", "drive", "once"]

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Load:
    """What one load found; `refused` are answers from 400 on, `broken` are lost connections and time-outs."""

    rps: float
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int


def drive(url: str, bodies: Sequence[Any], connections: int, seconds: float, core: int, place: Path) -> Load:
    """Warm up for a fifth of the time, then measure."""
    once(url, bodies, connections, seconds / 5, core, place)
    return once(url, bodies, connections, seconds, core, place)[0]


def once(url: str, bodies: Sequence[Any], connections: int, seconds: float, core: int, place: Path) -> tuple[Load, int]:
    """Measure at once; beside the load, how many requests were answered."""
    lines = place / "bodies"
    lines.write_text("".join(json.dumps(body) + "\n" for body in bodies))
    return _drive(url, lines, connections, max(1, round(seconds)), core)


def _drive(url: str, lines: Path, connections: int, seconds: int, core: int) -> tuple[Load, int]:
    words = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT)]
    done = subprocess.run([*words, url, "--", str(lines)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"wrk failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    rps = (found["requests"] - found["refused"]) / found["seconds"]
    load = Load(rps, found["p50_ms"], found["p99_ms"], found["refused"], found["broken"])
    return load, found["requests"]
