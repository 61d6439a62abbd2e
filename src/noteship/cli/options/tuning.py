"""Options of the verb that searches parameters."""

from __future__ import annotations

import argparse

from noteship.cli.options.pipelines import chosen
from noteship.cli.options.values import count, duration

__all__ = ["tune"]


def tune(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trials", type=count, metavar="N", help="how many trials there are in all (default: [tune])")
    parser.add_argument("--jobs", type=count, metavar="N", help="how many trials run at once (default: [tune])")
    parser.add_argument(
        "--timeout", type=duration, metavar="TIME", help="begin no trial after this time, such as 30m (default: [tune])"
    )
    chosen(parser)
    parser.add_argument("--new", action="store_true", help="begin anew, though an equal search could go on")
    parser.add_argument("--report", metavar="FILE", help="write the search there as one HTML page")
    parser.add_argument("--list", action="store_true", help="list the searches of before instead")
    parser.add_argument("--show", metavar="ID", help="show one of them instead: `latest` or the start of its name")
