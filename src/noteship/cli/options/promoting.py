"""Options of the verbs that decide which bundle is the champion."""

from __future__ import annotations

import argparse

__all__ = ["promote"]


def promote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "bundle", metavar="BUNDLE", nargs="?", help="`latest` or the start of a digest; its gates have to be passed"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why, for the record")
    parser.add_argument(
        "--override",
        metavar="REASON",
        help="promote it although its judgement speaks against it, or there is none; marked for ever",
    )
    parser.add_argument("--history", action="store_true", help="list all promotions instead, the latest first")
