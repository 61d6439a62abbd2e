"""Options of the verb that tells the tracking server."""

from __future__ import annotations

import argparse

__all__ = ["tracking"]


def tracking(parser: argparse.ArgumentParser) -> None:
    """Those of `noteship tracking`."""
    parser.add_argument(
        "--no-wait",
        action="store_true",
        help="end at once where another process tells, which tells what comes meanwhile, too",
    )
    parser.add_argument(
        "--forget",
        metavar="WHAT",
        help="drop what waits for a server that is no more, by its address, or one event by its id: nobody is told",
    )
