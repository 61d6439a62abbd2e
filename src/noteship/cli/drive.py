"""What a driver's pod does."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from noteship import cluster, temporary
from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output
from noteship.operations.remote import driver, retraining

__all__ = ["run"]

# 128 + SIGTERM, as shells report it: none of those after which a driver does not begin again.
TERMINATED = 128 + signal.SIGTERM
# Of runs, and of retrainings whose gates refused what was learned.
FAILED = ("failed", "interrupted", "refused")


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Drive the run, and give 0 where it is done, else 1."""
    if threading.current_thread() is threading.main_thread():
        # A node that is emptied ends this pod, not the run: its stages go on, and so will the next pod.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(TERMINATED))
    if (arguments.run is None) == (arguments.clock is None or arguments.job is None):
        raise WrongUsage("noteship drive needs a run", "name it, or give --clock and --job")
    # Its releases are on record by the address that people know, which is not the one that pods ask.
    known_as = arguments.clock.partition("/")[0] if arguments.clock else ""
    at = cluster.open_cluster(known_as=f"https://{known_as}" if known_as else "")
    try:
        with temporary.folder() as folder:
            state, why = _driven(arguments, folder, at)
    finally:
        at.close()
    what = arguments.run or arguments.clock
    output.document({"submission": what, "state": state, "why": why})
    output.text(*([why] if why else []))
    output.text(f"{what}: {state}")
    return 1 if state in FAILED else 0


def _driven(arguments: argparse.Namespace, folder: Path, at: cluster.Cluster) -> tuple[str, str]:
    project = Path(arguments.image_project)
    if arguments.run is not None:
        return driver.drive(driver.DriveRequest(arguments.run, arguments.store, project), folder, at), ""
    request = retraining.ClockRequest(arguments.clock, arguments.job, arguments.store, project)
    return retraining.begin(request, folder, at)
