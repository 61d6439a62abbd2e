"""Options that let a model be what it is."""

from __future__ import annotations

import argparse

__all__ = ["trusting"]


def trusting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust-source",
        metavar="DIGEST",
        action="append",
        default=[],
        help="import the source that the bundle of this digest brings, all 64 digits of it; may be repeated",
    )
    parser.add_argument(
        "--trust-type",
        metavar="TYPE",
        action="append",
        default=[],
        help="let the model hold this type of another library; may be repeated",
    )
    parser.add_argument(
        "--allow-pickle", action="store_true", help="load a bundle whose model is a pickle: it can run any code"
    )
