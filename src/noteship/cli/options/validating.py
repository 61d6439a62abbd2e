"""Options of the verb that judges bundles."""

from __future__ import annotations

import argparse
from pathlib import Path

from noteship.cli.options.trust import trusting

__all__ = ["validate"]


def validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        nargs="?",
        help="`champion`, `latest` or the start of a digest (default: the latest that `noteship run` made)",
    )
    parser.add_argument(
        "--holdout",
        metavar="ROWS",
        help="judge on other rows than [validate] holdout says: 0.3, time:COLUMN, group:COLUMN, group:COLUMN:0.3, or a"
        " file; what is found so is no ground for a promotion",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as one HTML page")
    parser.add_argument(
        "--card", type=Path, metavar="FILE", help="write the model card as Markdown, its pictures into FILE_files"
    )
    parser.add_argument("--again", action="store_true", help="measure anew what was measured before")
    trusting(parser)
