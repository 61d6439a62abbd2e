"""What a driver's pod does."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from noteship import cluster, temporary
from noteship.cli.output import Output
from noteship.operations.remote import driver

__all__ = ["run"]

# 128 + SIGTERM, as shells report it: none of those after which a driver does not begin again.
TERMINATED = 128 + signal.SIGTERM


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Drive the run, and give 0 where it is done, else 1."""
    if threading.current_thread() is threading.main_thread():
        # A node that is emptied ends this pod, not the run: its stages go on, and so will the next pod.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(TERMINATED))
    request = driver.DriveRequest(arguments.run, arguments.store, Path(arguments.image_project))
    at = cluster.open_cluster("", "")
    try:
        with temporary.folder() as folder:
            state = driver.drive(request, folder, at)
    finally:
        at.close()
    output.document({"submission": arguments.run, "state": state})
    output.text(f"run {arguments.run}: {state}")
    return 0 if state == "done" else 1
