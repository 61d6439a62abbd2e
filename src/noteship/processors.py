"""How many processors this process may use, and what tells numeric libraries so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["VARIABLES", "processors", "thread_variables"]

# What OpenMP, OpenBLAS, MKL, BLIS, Apple's Accelerate and numexpr read, once, when they are loaded.
FOR_ALL = "OMP_NUM_THREADS"
VARIABLES = (
    FOR_ALL,
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def processors(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """How many processors' time there is: those it may run on, or less where a control group's quota says so."""
    quotas = [quota for folder in _folders(groups, own) if (quota := _quota(folder)) is not None]
    return min([float(_allowed()), *quotas])


def thread_variables(workers: int, given: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that share the processors among so many processes.

    What the user set stays: one of them is left as it is, and with `OMP_NUM_THREADS`, which is for all, none is added.
    """
    if given.get(FOR_ALL):
        return {}
    threads = str(max(1, int(processors() / workers)))
    return {name: threads for name in VARIABLES if not given.get(name)}


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _folders(groups: Path, own: Path) -> list[Path]:
    """The group's folder and all above it, in both versions: any of them may hold a quota."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    found: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root = groups
        elif "cpu" in controllers.split(","):
            root = groups / controllers
            if not root.is_dir():
                root = groups / "cpu"
        else:
            continue
        here = root / path.lstrip("/")
        # In a container the path may be the host's, and its own group is the root.
        found += [here, *(parent for parent in here.parents if parent.is_relative_to(root))]
    return found


def _quota(folder: Path) -> float | None:
    """Processors' time by time that passes, of version 2 or 1; None without a limit."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
            return None if quota == "max" else int(quota) / int(period)
        quota_us = int((folder / "cpu.cfs_quota_us").read_text())
        return quota_us / int((folder / "cpu.cfs_period_us").read_text()) if quota_us > 0 else None
    except (OSError, ValueError):
        return None
